import { z } from 'zod'
import type { StreamLimits } from './core/index.ts'

/** All times are market milliseconds. */
export const StreamConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe("Listen to the venue's streams; it is polled where they are missing or fail."),
    graceMs: z
      .int()
      .min(0)
      .max(600_000)
      .default(10_000)
      .describe(
        'How long a candle that has ended is awaited from the stream before it is asked for.',
      ),
    publishIntervalMs: z
      .int()
      .min(0)
      .default(5_000)
      .describe('At least so much lies between two tickers, and two books, of a symbol.'),
    silenceMaxMs: z
      .int()
      .min(1_000)
      .default(60_000)
      .describe('A stream without an event for longer counts as broken.'),
    dropsMax: z
      .int()
      .min(1)
      .default(3)
      .describe('Drops within dropWindowMs after which the venue is polled instead.'),
    dropWindowMs: z.int().min(1_000).default(600_000).describe('See dropsMax.'),
    reopenMs: z
      .int()
      .min(0)
      .default(1_000)
      .describe(
        'Wait before it is opened again after the second drop in a row; the first has none.',
      ),
    restMs: z
      .int()
      .min(0)
      .default(300_000)
      .describe(
        'How long the venue is polled before its stream is tried again; doubles up to 8 times.',
      ),
    stableMs: z
      .int()
      .min(0)
      .default(60_000)
      .describe('How long the stream must then hold before polling rests.'),
  })
  .describe("The venue's streams, in place of polling.")
export type StreamConfig = z.infer<typeof StreamConfig>

/** On an accelerated market a hiccup of a few real seconds is minutes of silence. */
const hiccupMs = 5_000

export function streamLimits(config: StreamConfig, speed: number): StreamLimits {
  const { dropsMax, dropWindowMs, reopenMs, restMs, stableMs, silenceMaxMs } = config
  const patience = Math.max(silenceMaxMs, speed > 1 ? hiccupMs * speed : 0)
  return { dropsMax, dropWindowMs, reopenMs, restMs, stableMs, silenceMaxMs: patience }
}
