// What can happen to a desk, drawn at random.
import type { Script } from '@flotilla/venue/testing'
import fc from 'fast-check'
import type { HarnessOptions } from '../testing.ts'

export type Command =
  | { kind: 'entry'; quantity: string; patience: number }
  | { kind: 'exit'; share: number; patience: number }
  | { kind: 'send'; which: number; script: Script | null }
  | { kind: 'receive'; which: number }
  | { kind: 'price'; price: number }
  | { kind: 'pass'; ms: number }
  /** The same, and every question is asked and answered meanwhile. */
  | { kind: 'work'; ms: number }
  | { kind: 'crash' }
  | { kind: 'lag'; ms: number }
  | { kind: 'unreachable'; reads: number }
  | { kind: 'flatten' }
  /** The same as the shell hears it: until resumed nothing is to be held. */
  | { kind: 'stay-out' }
  | { kind: 'resume' }
  | { kind: 'stubborn' }
  | { kind: 'repeat' }
  | { kind: 'nibble'; share: number }
  /** An event of the account's stream arrives, arrives for the first time, or never. */
  | { kind: 'hear'; which: number; how: 'once' | 'again' | 'never' }
  | { kind: 'settle'; scripts: Script[] }

const scripts: fc.Arbitrary<Script | null> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: fc.constant<Script>({ kind: 'unknown-landed' }) },
  { weight: 2, arbitrary: fc.constant<Script>({ kind: 'unknown-not-landed' }) },
  { weight: 2, arbitrary: fc.constant<Script>({ kind: 'unknown-lands-later' }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Script>(
      { kind: 'rejected', code: 'throttled', retryAfterMs: 2_000 },
      { kind: 'rejected', code: 'rejected_by_venue' },
      { kind: 'rejected', code: 'insufficient_balance' },
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('0.00001', '0.0007', '0.004')
      .map((quantity): Script => ({ kind: 'partial', quantity })),
  },
)

/** Longer than it takes until an order in doubt may be given up. */
export const BLIND_MS = 25_000

/** As often as it takes until a position is given up. */
export const refusal: Script = {
  kind: 'rejected',
  code: 'rejected_by_venue',
  method: 'placeProtection',
}

const patience = fc.constantFrom(500, 5_000, 60_000)

const entry = fc.record({
  kind: fc.constant('entry' as const),
  quantity: fc.constantFrom('0.0002', '0.01', '0.012345'),
  patience,
})

const send = fc.record({
  kind: fc.constant('send' as const),
  which: fc.nat(3),
  script: scripts,
})

const receive = fc.record({ kind: fc.constant('receive' as const), which: fc.nat(3) })

const pass = (...spans: readonly number[]) =>
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(...spans) })

export const commands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: entry },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('exit' as const),
      share: fc.integer({ min: 1, max: 12 }),
      patience,
    }),
  },
  { weight: 10, arbitrary: send },
  { weight: 9, arbitrary: receive },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('price' as const),
      price: fc.integer({ min: 47_500, max: 53_000 }),
    }),
  },
  { weight: 6, arbitrary: pass(100, 500, 3_000, 12_000) },
  { weight: 2, arbitrary: fc.constant<Command>({ kind: 'crash' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lag' as const),
      ms: fc.constantFrom(1_000, 8_000, BLIND_MS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('unreachable' as const),
      reads: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'flatten' }) },
  { weight: 2, arbitrary: fc.constant<Command>({ kind: 'resume' }) },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'stubborn' }) },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'repeat' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('nibble' as const),
      share: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('hear' as const),
      which: fc.nat(5),
      how: fc.constantFrom('once', 'once', 'again', 'never'),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      scripts: fc.array(scripts, { maxLength: 4 }).map((all) => all.filter((one) => one !== null)),
    }),
  },
)

/** Entries in every state of being on their way, and commands to stay out of the market. */
export const flatteningCommands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: entry },
  { weight: 8, arbitrary: send },
  { weight: 6, arbitrary: receive },
  { weight: 4, arbitrary: pass(100, 500, 3_000, 12_000) },
  { weight: 2, arbitrary: fc.constant<Command>({ kind: 'settle', scripts: [] }) },
  { weight: 2, arbitrary: fc.constant<Command>({ kind: 'crash' }) },
  { weight: 3, arbitrary: fc.constant<Command>({ kind: 'stay-out' }) },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'resume' }) },
)

/** Entries whose answers, and the answers to the questions about them, are long on their way. */
export const lateCommands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('entry' as const),
      quantity: fc.constantFrom('0.01', '0.012345'),
      patience: fc.constant(60_000),
    }),
  },
  { weight: 10, arbitrary: send },
  { weight: 8, arbitrary: receive },
  { weight: 5, arbitrary: pass(500, 3_000, 12_000, 30_000) },
  { weight: 4, arbitrary: fc.constant<Command>({ kind: 'work', ms: 30_000 }) },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'crash' }) },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'stay-out' }) },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'resume' }) },
)

/** What leads to a halt and past it, and little else: among everything else it is rare. */
export const haltingCommands: fc.Arbitrary<Command> = fc.constantFrom<Command>(
  { kind: 'entry', quantity: '0.01', patience: 60_000 },
  { kind: 'stubborn' },
  { kind: 'settle', scripts: [] },
  { kind: 'settle', scripts: [] },
  { kind: 'pass', ms: 3_000 },
  { kind: 'crash' },
)

/** Shorter than the healing at the end. */
const HOLDING_MS_MAX = 60_000

type Trailing = { activation: number; distance: number } | null

/** The prices of this test come into the reach of each way out. */
export const plans: fc.Arbitrary<HarnessOptions['exits']> = fc.oneof(
  fc.constant(undefined),
  fc.record({
    trailing: fc.constantFrom<Trailing>(null, { activation: 0.01, distance: 0.01 }),
    ladder: fc.constantFrom<{ gain: number; share: number }[]>(
      [],
      [
        { gain: 0.01, share: 0.4 },
        { gain: 0.025, share: 0.3 },
      ],
    ),
    holdingMsMax: fc.constantFrom(null, HOLDING_MS_MAX),
  }),
)
