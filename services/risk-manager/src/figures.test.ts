// Each limit that the product is known by a figure for, with exactly that figure, on both sides of its edge.
// What is not said here is as the configuration has it unless somebody changes it.
import { SharedConfigSchema } from '@flotilla/fleet'
import { afterEach, describe, expect, it } from 'vitest'
import { limitsOf, RiskManagerConfig } from './config.ts'
import { applyAll, decide, takeStock, type Book, type Limits } from './core/index.ts'
import { book, decimal, exit, intent, intentMessage, rules, testNow } from './testing.ts'
import type { BookOptions } from './testing.ts'
import { startRig, until, type Rig } from './testing/rig.ts'
import { verdictOf } from './testing/verdicts.ts'

/** Of flotilla.yaml with this in its section risk. */
function limitsWith(section: Record<string, unknown> = {}): Limits {
  return limitsOf(RiskManagerConfig.parse(section), SharedConfigSchema.parse({}))
}

type Scene = {
  readonly section?: Record<string, unknown>
  readonly book?: BookOptions
  readonly prepare?: (made: Book) => void
  readonly wish?: ReturnType<typeof intent>
}

/** The size and what it was made of, or the codes of the denial. */
function outcomeOf({ section = {}, wish = intent(), ...scene }: Scene): string {
  const limits = limitsWith(section)
  const verdict = verdictOf({ title: '', denied: null, ...scene, intent: wish, limits })
  if (verdict.kind === 'denied') return verdict.reasons.map(({ code }) => code).join(' ')
  const { quantity, reserve, sizing } = verdict.approved
  const words = [`${quantity} for ${reserve.amount.toString()} ${reserve.asset}`]
  return [...words, ...sizing.adjustments].join(', ')
}

const whole = { exposureShareMax: 1 }
const btc = (overrides: Parameters<typeof rules>[1]) => ({ rules: [rules('BTC/USDT', overrides)] })

describe('80 % and 30 % of the balance', () => {
  const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'BTC/USDT']
  /** Of intents that come at once, what each reserves; and what is left. */
  function reserve(share: number) {
    const made = book()
    const limits = limitsWith({ ...whole, balanceShare: share, addToPositions: true })
    const said = symbols.map((symbol, index) => {
      const message = intentMessage({
        symbol,
        intentId: `${index}`.repeat(8) + '-0000-5000-8000-000000000000',
      })
      const { verdict, changes } = decide({ book: made, message, limits, now: testNow })
      applyAll(made, changes)
      if (verdict.kind === 'approved') return verdict.approved.reserve.amount.toString()
      return verdict.reasons.map(({ code }) => code).join(' ')
    })
    const { total, reserved } = made.funds.get('USDT')!
    return { said, left: total.minus(reserved).toString() }
  }
  const none = 'insufficient_available_balance'

  it('of $84.54, four fifths are $67.63; $16.91 are left and no second one fits', () => {
    expect(reserve(0.8)).toEqual({ said: ['67.63', none, none, none], left: '16.91' })
  })

  it('of the same, 30 % are $25.36: three fit and a fourth does not', () => {
    expect(reserve(0.3)).toEqual({ said: ['25.36', '25.36', '25.36', none], left: '8.46' })
  })
})

describe('25 % of the net asset value', () => {
  const held: BookOptions = {
    funds: { USDT: '800', ETH: '0.08' },
    positions: { 'ETH/USDT': '0.08' },
  }

  it('is the cap of what is at risk unless it is changed', () => {
    expect(limitsWith().exposureShareMax.toString()).toBe('0.25')
  })

  it.each([
    { share: '0.0625', outcome: '0.00099 for 50 USDT' },
    { share: '0.0625125', outcome: '0.00099 for 50 USDT, exposure-capped' },
    { share: '0.8', outcome: '0.00099 for 50 USDT, exposure-capped' },
  ])('with 200 of 1000 at risk, $share of the balance is $outcome', ({ share, outcome }) => {
    expect(outcomeOf({ section: { balanceShare: share }, book: held })).toBe(outcome)
  })

  it.each([
    ['0.0976', '0.00011 for 6 USDT, exposure-capped'],
    ['0.1', 'exposure_exceeds_limit'],
  ])('of 1000 with %s ETH of 2500 and the four fifths of no setting: %s', (eth, outcome) => {
    const usdt = decimal('1000')
      .minus(decimal(eth).times(decimal('2500')))
      .toString()
    const scene = { funds: { USDT: usdt, ETH: eth }, positions: { 'ETH/USDT': eth } }
    const small = btc({ notionalMin: decimal('1') })
    expect(outcomeOf({ section: {}, book: { ...small, ...scene } })).toBe(outcome)
  })
})

describe('$5 where the venue has no minimum', () => {
  const worth = (price: string): Scene => ({
    wish: exit({ expectedPrice: price }),
    book: {
      ...btc({ notionalMin: decimal('0'), quantityMin: decimal('0.00001') }),
      funds: { USDT: '0', BTC: '0.0001' },
      positions: { 'BTC/USDT': '0.0001' },
      prices: { 'BTC/USDT': price },
    },
  })

  it.each([
    ['50000', '0.0001 for 0.0001 BTC'],
    ['49999.99', 'notional_below_minimum'],
  ])('a ten-thousandth at %s: %s', (price, outcome) => {
    expect(outcomeOf(worth(price))).toBe(outcome)
  })
})

describe('0.000001 where the venue names no step', () => {
  const steps = (quantity: string): Scene => ({
    wish: exit({ expectedPrice: '10000000' }),
    book: {
      ...btc({ quantityStep: decimal('0'), quantityMin: decimal('0') }),
      funds: { USDT: '0', BTC: quantity },
      positions: { 'BTC/USDT': quantity },
      prices: { 'BTC/USDT': '10000000' },
    },
  })

  it.each([
    ['0.000001', '0.000001 for 0.000001 BTC'],
    ['0.0000019', '0.000001 for 0.000001 BTC'],
    ['0.00000099', 'quantity_below_minimum'],
  ])('of %s is sold: %s', (quantity, outcome) => {
    expect(outcomeOf(steps(quantity))).toBe(outcome)
  })
})

describe('whole shares', () => {
  const section = { ...whole, balanceShare: 1, sizing: { wholeUnitAssets: ['BTC'] } }
  const at = (usdt: string): BookOptions => ({
    prices: { 'BTC/USDT': '100' },
    funds: { USDT: usdt },
  })

  it.each([
    ['100.49', 'quantity_below_minimum'],
    ['100.5', '1 for 100.5 USDT'],
    ['200.99', '1 for 200.99 USDT'],
    ['201', '2 for 201 USDT'],
  ])('at 100.50 each, %s buy: %s', (usdt, outcome) => {
    expect(outcomeOf({ section, book: at(usdt) })).toBe(outcome)
  })
})

describe('0.5 % of the buying power, of what is too dear for the size', () => {
  const coarse = btc({ quantityStep: decimal('0.001'), quantityMin: decimal('0.001') })
  const section = { balanceShare: 0.0001 }

  it.each([
    ['100500', '0.01 for 502.5 USDT, expensive-asset-minimum'],
    ['100501', '0.011 for 552.75 USDT, expensive-asset-minimum'],
  ])('of %s is: %s', (usdt, outcome) => {
    const scene = { ...coarse, funds: { USDT: usdt } }
    expect(outcomeOf({ section, book: scene })).toBe(outcome)
  })
})

describe('regimes', () => {
  /** With a peak of 1000, and a day that began with what is there. */
  const worth = (usdt: string): Scene => ({
    section: { balanceShare: 0.1 },
    book: { funds: { USDT: usdt } },
    prepare: (made) => {
      const day = { day: '2026-01-05', startEquity: decimal(usdt) }
      const drawdown = { regime: 'normal', since: '', peak: decimal('1000') } as const
      made.standing = { ...made.standing, day, drawdown }
    },
  })

  it.each([
    ['900.01', '0.00179 for 90 USDT'],
    ['900', '0.00089 for 45 USDT, defense x0.5'],
    ['800.01', '0.00079 for 40 USDT, defense x0.5'],
    ['800', 'drawdown_halt'],
  ])('at %s of 1000: %s', (usdt, outcome) => {
    expect(outcomeOf(worth(usdt))).toBe(outcome)
  })
})

describe('5 % a day', () => {
  it.each([
    ['950.01', '0.00094 for 47.5 USDT'],
    ['950', 'daily_loss_reached'],
  ])('of 1000, at %s: %s', (usdt, outcome) => {
    const prepare = (made: Book) => {
      const day = { day: '2026-01-05', startEquity: decimal('1000') }
      made.standing = { ...made.standing, day }
    }
    const section = { balanceShare: 0.05 }
    expect(outcomeOf({ section, book: { funds: { USDT: usdt } }, prepare })).toBe(outcome)
  })
})

describe('the trim', () => {
  let rig: Rig | null = null
  afterEach(() => rig?.stop())

  it('has 75 s and three trims, every third cycle, unless it is told otherwise', () => {
    expect(RiskManagerConfig.parse({}).trim).toEqual({
      everyCycles: 3,
      budgetMs: 75_000,
      trimsMax: 3,
    })
  })

  it('looks with the third valuation, and not with the second', async () => {
    rig = await startRig({
      balances: { USDT: '100', BTC: '1' },
      config: { equityIntervalMs: 1_000 },
    })
    const held = { agent: 'risk-manager', key: 'position/main/BTC/USDT' } as const
    const value = { quantity: '1', lastFillPrice: '50000', owners: {} }
    await rig.stop()
    await rig.ledger.commit([
      {
        consumer: 'risk-manager',
        causeId: null,
        changes: [{ kind: 'memory-stored', ...held, value }],
        outgoing: [],
      },
    ])
    const { ledger, venue } = rig
    venue.setPrice('BTC/USDT', '50000')
    rig = await startRig({ ledger, venue, config: { equityIntervalMs: 1_000 } })
    const trimmed = () => rig!.context.logs.messages('warn').includes('exposure trimmed')
    await rig.context.clock.advance(1_000)
    await rig.context.clock.advance(1_000)
    expect(trimmed()).toBe(false)
    await rig.context.clock.advance(1_000)
    await until(trimmed)
  })
})

it('a valuation keeps the figures of the account to the last digit', () => {
  const made = book({ funds: { USDT: '84.54' } })
  expect(takeStock({ book: made, limits: limitsWith(), now: testNow }).valued.equity).toBe('84.54')
})
