import { createLogger } from '../logger.ts'
import type { Logger, LogSink } from '../logger.ts'

export type LogRecord = { readonly level: string; readonly msg: string } & Record<string, unknown>

export type CapturedLogs = {
  readonly logger: Logger
  readonly records: readonly LogRecord[]
  /** The phrases of all lines of this level, in order. */
  messages(level?: string): string[]
}

/** A real logger (redaction and all) whose lines are kept for a test to look at. */
export function captureLogs(
  options: {
    readonly agent?: string
    readonly secrets?: readonly string[]
  } = {},
): CapturedLogs {
  const records: LogRecord[] = []
  const sink: LogSink = { write: (line) => void records.push(JSON.parse(line) as LogRecord) }
  const logger = createLogger({
    agent: options.agent ?? 'test',
    instance: '1',
    level: 'debug',
    sinks: [sink],
    secrets: options.secrets ?? [],
  })
  return {
    logger,
    records,
    messages: (level) =>
      records.filter((record) => level === undefined || record.level === level).map((r) => r.msg),
  }
}
