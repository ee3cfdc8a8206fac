import { pino } from 'pino'
import type { Clock } from './clock.ts'
import { withoutSecrets } from './redact.ts'

export type Logger = pino.Logger
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Where finished lines go: one JSON document with its newline per call. */
export type LogSink = {
  write(line: string): void
  close?(): void
}

export type LoggerOptions = {
  readonly agent: string
  readonly instance: string
  readonly level: LogLevel
  readonly sinks: readonly LogSink[]
  /** Values that must never appear in a line, whatever key they hide under. */
  readonly secrets?: readonly string[]
  /** Given when market time is not wall time: each line then says both. */
  readonly marketClock?: Clock
}

/**
 * One stream per agent. The message is a fixed lower-case phrase, the values are in the object, and
 * keys and secrets are taken out before a line reaches any sink.
 */
export function createLogger(options: LoggerOptions): Logger {
  const clean = withoutSecrets(options.secrets ?? [])
  const { sinks, marketClock } = options
  const destination = {
    write(line: string): void {
      const cleaned = clean(line)
      for (const sink of sinks) sink.write(cleaned)
    },
  }
  return pino(
    {
      level: options.level,
      base: { agent: options.agent, instance: options.instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      ...(marketClock === undefined
        ? {}
        : { mixin: () => ({ marketTime: new Date(marketClock.now()).toISOString() }) }),
    },
    destination,
  )
}

/** For parts that are created without a place to log to. */
export function createSilentLogger(): Logger {
  return pino({ level: 'silent' })
}
