import { describe, expect, it } from 'vitest'
import { denied, desk, ended, epoch, filled, limits, memory, minute } from '../testing.ts'
import { openFilters, signals, surroundings } from '../testing.ts'
import { freshRecord, onAnalysis, onDenied, onFlat, onOrderEnded } from './index.ts'
import type { AnalysisDecision, DeskMemory, OpenIntent, Surroundings } from './index.ts'

const held = { quantity: 1, averageEntryPrice: 50_000 }
const open: OpenIntent = {
  intentId: '7b0c4f5e-9d1a-5c0f-b1f6-a9f3c2d85e67',
  purpose: 'entry',
  expiresAt: epoch + 3 * minute,
}
const openExit: OpenIntent = { ...open, purpose: 'exit' }
const enter = signals(0, { 'ema(2)': 1 })
const exit = signals(0, { 'ema(2)': -1 })

function decide(
  message: typeof enter,
  before: Partial<DeskMemory> = {},
  around: Partial<Surroundings> = {},
): Extract<AnalysisDecision, { kind: 'decided' }> {
  const input = { message, surroundings: surroundings(around) }
  const decision = onAnalysis(desk, memory(before), input)
  if (decision.kind !== 'decided') throw new Error(`not decided: ${decision.kind}`)
  return decision
}

describe('a wish becomes an intent', () => {
  it('with an id from strategy, symbol and candle, and the ids it came from', () => {
    const first = decide(enter)
    expect(first).toMatchObject({ changed: true, withheld: [] })
    expect(first.intent).toMatchObject({
      correlationId: enter.correlationId,
      causationId: enter.messageId,
      account: 'main',
      payload: {
        strategy: 'obedient',
        side: 'buy',
        purpose: 'entry',
        confidence: 60,
        expectedPrice: '50000',
        expectedPriceAt: '2026-01-05T00:01:00.000Z',
        stopLossPrice: '47500',
        takeProfitPrice: '55000',
        expiresAt: '2026-01-05T00:03:00.000Z',
        chain: [enter.causationId, enter.messageId],
      },
    })
    const later = decide(enter, {}, { now: epoch + 2 * minute })
    expect(later.intent?.payload.intentId).toBe(first.intent?.payload.intentId)
    expect(later.intent?.messageId).toBe(first.intent?.messageId)
    const next = decide(signals(1, { 'ema(2)': 1 }))
    expect(next.intent?.payload.intentId).not.toBe(first.intent?.payload.intentId)
  })

  it('and is remembered as open', () => {
    const { memory: after, intent } = decide(enter)
    expect(after.openIntent).toEqual({
      intentId: intent?.payload.intentId,
      purpose: 'entry',
      expiresAt: epoch + 3 * minute,
    })
  })

  it('an exit is a sale without stop and profit, and lives longer', () => {
    const { intent } = decide(exit, { entered: true }, { position: held })
    expect(intent?.payload).toMatchObject({
      side: 'sell',
      purpose: 'exit',
      stopLossPrice: null,
      takeProfitPrice: null,
      expiresAt: '2026-01-05T00:11:00.000Z',
    })
  })

  it.each<[string, typeof enter, Partial<DeskMemory>, Partial<Surroundings>]>([
    ['backfill', signals(0, { 'ema(2)': 1 }, { origin: 'backfill' }), {}, {}],
    ['stale_signal', enter, {}, { now: epoch + 4 * minute + 1 }],
    ['intent_open', enter, { openIntent: open }, {}],
    ['intent_open', exit, { openIntent: openExit, entered: true }, { position: held }],
    ['already_held', enter, { entered: true }, { position: held }],
    ['already_held', enter, {}, { position: held }],
    ['nothing_held', exit, { entered: true }, {}],
    ['nothing_held', exit, {}, { position: held }],
    ['trading_paused', enter, {}, { tradingState: 'paused' }],
    ['trading_flattened', enter, {}, { tradingState: 'flattened' }],
    ['trading_halted', exit, { entered: true }, { position: held, tradingState: 'halted' }],
    ['cooldown', enter, { entryCooldownUntil: epoch + 2 * minute }, {}],
    [
      'cooldown',
      exit,
      { entered: true, exitCooldownUntil: epoch + 2 * minute },
      { position: held },
    ],
    ['confidence_below_minimum', enter, {}, { filters: { ...openFilters, confidenceMin: 61 } }],
  ])('%s: withheld, and nothing to commit', (code, message, before, around) => {
    const decision = decide(message, before, around)
    expect(decision).toMatchObject({ withheld: [{ code }], intent: null, changed: false })
    expect(decision.memory.openIntent).toEqual(before.openIntent ?? null)
  })

  it('an exit is not held back by a pause, an entry cooldown or a lack of confidence', () => {
    const { withheld } = decide(
      exit,
      { entered: true, entryCooldownUntil: epoch + 9 * minute },
      {
        position: held,
        tradingState: 'flattened',
        filters: { ...openFilters, confidenceMin: 99, spreadMaxPercent: 0.1 },
        record: {
          ...freshRecord,
          entryCooldownUntil: epoch + 9 * minute,
          quarantinedUntil: 1e15,
        },
      },
    )
    expect(withheld).toEqual([])
  })
})

describe('what is remembered', () => {
  it('a candle is looked at once, and an older one never', () => {
    const { memory: after } = decide(signals(5, { 'ema(2)': 11 }, { origin: 'backfill' }))
    for (const index of [5, 4]) {
      const message = signals(index, { 'ema(2)': 11 })
      const input = { message, surroundings: surroundings() }
      expect(onAnalysis(desk, after, input)).toEqual({ kind: 'known' })
    }
  })

  it('a new state is worth a commit, also without an intent', () => {
    const decision = decide(signals(0, { 'ema(2)': 11 }, { origin: 'backfill' }))
    expect(decision).toMatchObject({ changed: true, intent: null, memory: { state: { above: 1 } } })
  })

  it('without its indicators a strategy is not asked, and its memory stays', () => {
    const input = { message: signals(0, { 'ema(3)': 1 }), surroundings: surroundings() }
    expect(onAnalysis(desk, memory(), input)).toEqual({ kind: 'not-warm', missing: ['ema(2)'] })
  })

  it('an intent whose end never came is given up after its grace, and the next may go out', () => {
    const late = { now: open.expiresAt + limits.openIntentGraceMs }
    const message = signals(62, { 'ema(2)': 1 })
    expect(decide(message, { openIntent: open }, late).withheld).toMatchObject([
      { code: 'intent_open' },
    ])
    const given = decide(message, { openIntent: open }, { now: late.now + 1 })
    expect(given).toMatchObject({ abandoned: open, changed: true, withheld: [] })
  })
})

describe('the end of an intent', () => {
  const options = { now: epoch, limits }
  const waiting = memory({ openIntent: open })

  it('a denial ends it and starts the cooldown of its purpose', () => {
    expect(onDenied(waiting, denied(open.intentId).payload.intentId, options)).toEqual(
      memory({ entryCooldownUntil: epoch + 5 * minute }),
    )
    expect(onDenied(memory({ openIntent: openExit }), open.intentId, options)).toEqual(
      memory({ exitCooldownUntil: epoch + minute }),
    )
  })

  it('a denial of another intent changes nothing', () => {
    expect(onDenied(waiting, 'another', options)).toBeNull()
    expect(onDenied(memory(), open.intentId, options)).toBeNull()
  })

  it('a filled entry makes the position ours', () => {
    expect(onOrderEnded(waiting, filled(open.intentId), options)).toEqual(memory({ entered: true }))
  })

  it('an entry that expired in part is ours too, one that expired whole is not', () => {
    const part = ended('expired', open.intentId, { filledQuantity: '0.4' })
    expect(onOrderEnded(waiting, part, options)).toEqual(memory({ entered: true }))
    expect(onOrderEnded(waiting, ended('expired', open.intentId), options)).toEqual(memory())
  })

  it('a rejection starts the cooldown, an expiry does not', () => {
    expect(onOrderEnded(waiting, ended('rejected', open.intentId), options)).toEqual(
      memory({ entryCooldownUntil: epoch + 5 * minute }),
    )
  })

  it('an order that ends without its reservation leaves the intent open', () => {
    const message = ended('canceled', open.intentId, {
      endsReservation: false,
      filledQuantity: '0.4',
    })
    expect(onOrderEnded(waiting, message, options)).toEqual(
      memory({ openIntent: open, entered: true }),
    )
  })

  it.each(['stop-loss', 'take-profit', 'flatten'] as const)('a %s order is not its end', (leg) => {
    const message = filled(open.intentId, { leg, side: 'sell' })
    expect(onOrderEnded(waiting, message, options)).toBeNull()
  })

  it('an exit ends it and keeps the position ours until it is flat', () => {
    const before = memory({ openIntent: openExit, entered: true })
    const after = onOrderEnded(before, filled(open.intentId, { leg: 'exit' }), options)
    expect(after).toEqual(memory({ entered: true }))
    expect(onFlat(memory({ entered: true }))).toEqual(memory())
  })
})
