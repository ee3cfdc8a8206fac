// The agent's section of flotilla.yaml. Times are milliseconds of real time: on an accelerated
// market they are stretched with it, because networks do not become faster.
import { z } from 'zod'

const milliseconds = z.int().min(1)

export const ExecutionConfig = z
  .strictObject({
    protectionDeadlineMs: milliseconds
      .max(600_000)
      .default(30_000)
      .describe('How long a fill may stay without stop before the position is closed.'),
    protectionAttempts: z
      .int()
      .min(1)
      .max(10)
      .default(3)
      .describe('Refused attempts to place the protection before the position is closed.'),
    exitAttempts: z
      .int()
      .min(1)
      .max(10)
      .default(3)
      .describe('Orders that one exit may send when the ones before did nothing.'),
    pollMs: milliseconds
      .default(5_000)
      .describe('How often the venue is asked about resting orders.'),
    sweepMs: milliseconds
      .default(300_000)
      .describe('How often all fills and balances are compared with the venue.'),
    silenceMs: milliseconds
      .default(30_000)
      .describe('Without a sign of life from venue or ledger for so long, entries stop.'),
    tickMs: milliseconds.default(250).describe('How often due work is looked for.'),
    skewMs: milliseconds.default(1_000).describe("How far the venue's clock may be from ours."),
    leaseMs: milliseconds
      .default(10_000)
      .describe('How long a silent instance stays the leader before another may take over.'),
  })
  .prefault({})
export type ExecutionConfig = z.infer<typeof ExecutionConfig>
