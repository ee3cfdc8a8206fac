import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { formatLogLine } from './log-format.ts'
import type { LogSink } from './logger.ts'

/** A reader that goes away (`| head`) must not bring a trading process down; its lines are let go. */
export function surviveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

/** JSON on standard output, as containers want it. */
export function stdoutJsonSink(): LogSink {
  return { write: (line) => void process.stdout.write(line) }
}

/** Readable lines for a person. */
export function terminalSink(options: {
  readonly write: (text: string) => void
  readonly colors: boolean
}): LogSink {
  return { write: (line) => options.write(`${formatLogLine(line, options)}\n`) }
}

/** Two files of this size per agent are kept: the current one and the one before. */
const logFileBytesMax = 20 * 1024 * 1024

/**
 * Lines are written at once, not buffered: the last line before a kill is the one that is wanted. A
 * full disk must not stop trading, so a line that cannot be written is dropped, and the drop is told
 * in the next line that can be.
 */
export function fileSink(path: string, bytesMax: number = logFileBytesMax): LogSink {
  mkdirSync(dirname(path), { recursive: true })
  let file = openSync(path, 'a')
  let size = fstatSync(file).size
  let dropped = 0
  const append = (line: string): void => {
    if (size > bytesMax) {
      closeSync(file)
      renameSync(path, `${path}.1`)
      file = openSync(path, 'a')
      size = 0
    }
    size += writeSync(file, line)
  }
  return {
    write(line) {
      try {
        if (dropped > 0) {
          append(`${JSON.stringify({ level: 'warn', msg: 'log lines dropped', dropped })}\n`)
          dropped = 0
        }
        append(line)
      } catch {
        dropped += 1
      }
    },
    close: () => closeSync(file),
  }
}

/** Passes on only lines of this level or above. */
export function atLeast(level: 'info' | 'warn' | 'error', sink: LogSink): LogSink {
  const wanted = levels.slice(levels.indexOf(level)).map((name) => `{"level":"${name}"`)
  return {
    write(line) {
      if (wanted.some((start) => line.startsWith(start))) sink.write(line)
    },
    close: () => sink.close?.(),
  }
}

const levels = ['debug', 'info', 'warn', 'error', 'fatal']
