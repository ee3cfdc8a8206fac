// The agent's section of flotilla.yaml. Times are milliseconds of real time: on an accelerated
// market they are stretched with it, because networks do not become faster.
import { ProtectionMode } from '@flotilla/contracts'
import { z } from 'zod'

const milliseconds = z.int().min(1)

const share = z.number().min(0.0001).max(0.99)

const Rung = z.strictObject({
  gain: z.number().min(0.0001).max(100).describe('Above what was paid, fees included.'),
  share: z.number().min(0.01).max(1).describe('Of what was held when the entry was filled.'),
})

const Exits = z
  .strictObject({
    trailing: z
      .strictObject({
        activation: share.default(0.02).describe('Gain at which the stop begins to follow.'),
        distance: share.default(0.02).describe('How far below the highest price the stop stays.'),
      })
      .nullable()
      .default(null)
      .describe('A stop that follows the price and never goes back.'),
    ladder: z
      .array(Rung)
      .max(10)
      .default([])
      .superRefine((rungs, context) => {
        const ascending = rungs.every(({ gain }, at) => at === 0 || gain > rungs[at - 1]!.gain)
        if (!ascending) context.addIssue('gains must rise from one part to the next')
        const sold = rungs.reduce((total, each) => total + each.share, 0)
        if (sold > 1.000001) context.addIssue('the shares come to more than the position')
      })
      .describe('The target taken in parts; what is left keeps its stop and take-profit.'),
    holdingMsMax: milliseconds
      .nullable()
      .default(null)
      .describe('Longest time to hold, in milliseconds of the market; null is for ever.'),
  })
  .prefault({})
  .describe("Ways out of every position beside the intent's stop and take-profit.")

const Pacing = z
  .strictObject({
    notionalMin: z
      .number()
      .min(1)
      .nullable()
      .default(null)
      .describe('Orders worth this or more, in quote currency, go in slices; null: none does.'),
    slices: z.int().min(2).max(100).default(5),
    durationMs: milliseconds
      .max(86_400_000)
      .default(300_000)
      .describe('From the first slice to the last, in milliseconds of the market.'),
  })
  .prefault({})
  .describe('Large orders are taken apart over a time (TWAP).')

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
    exits: Exits,
    pacing: Pacing,
    convert: z
      .enum(['off', 'exits', 'all'])
      .default('off')
      .describe(
        'What the book takes badly is exchanged at a price that the venue quotes, where it does: exits and dust, or entries that would go in slices as well.',
      ),
    protection: z
      .enum(['auto', ...ProtectionMode.options])
      .default('auto')
      .describe('The strongest protection wanted; auto is the strongest that the venue has.'),
    attachExits: z
      .boolean()
      .default(false)
      .describe(
        'Entries are fill-or-kill and bring their exits along (OPOCO), where the venue can.',
      ),
    entryRemainder: z
      .enum(['cancel', 'keep'])
      .default('cancel')
      .describe(
        'What an entry does not get at once: canceled, or kept in the book until its intent expires.',
      ),
    stopLimitDistance: z
      .number()
      .min(0.0001)
      .max(0.2)
      .default(0.01)
      .describe('Where stops need a limit: how far it lies below the stop, as a share.'),
    gapMs: milliseconds
      .default(5_000)
      .describe('How long the price may be below such a limit before the market is taken.'),
    supervisionMs: milliseconds
      .default(15_000)
      .describe('Without a price for so long a position that only we watch counts as unprotected.'),
    pollMs: milliseconds
      .default(5_000)
      .describe('How often the venue is asked about resting orders.'),
    pollFollowedMs: milliseconds
      .default(60_000)
      .describe(
        'The same while its stream tells of them and all that is held is protected; at least pollMs.',
      ),
    sweepMs: milliseconds
      .default(300_000)
      .describe('How often all fills and balances are compared with the venue.'),
    silenceMs: milliseconds
      .default(30_000)
      .describe(
        'Without a sign of life from venue, ledger, bus or another agent for so long, entries stop.',
      ),
    marketCheckMs: milliseconds
      .default(60_000)
      .describe('How often the venue is asked whether it trades our symbols, and by which rules.'),
    tickMs: milliseconds.default(250).describe('How often due work is looked for.'),
    lateMs: milliseconds
      .default(10_000)
      .describe(
        'Messages that are older when they arrive are late; late for silenceMs, entries stop.',
      ),
    clockCheckMs: milliseconds
      .default(120_000)
      .describe("How often our clock is compared with the venue's."),
    skewAlarmMs: milliseconds.default(250).describe('A difference of the clocks that is told.'),
    skewStopMs: milliseconds
      .default(750)
      .describe('A difference of the clocks that stops entries.'),
    skewMs: milliseconds.default(1_000).describe("How far the venue's clock may be from ours."),
    leaseMs: milliseconds
      .default(10_000)
      .describe('How long a silent instance stays the leader before another may take over.'),
  })
  .prefault({})
export type ExecutionConfig = z.infer<typeof ExecutionConfig>
