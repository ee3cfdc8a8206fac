// One scene for every code of the contract, in which the check that denies with it does so; and the record
// that the check leaves, kept as a file. A code that is added to the contract has no row here and does
// not compile; a check that never says anything but yes is found as well.
import { denialGuide, instant, type DenialCode } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import {
  caps,
  decimal,
  exit,
  intent,
  protections,
  reservation,
  rules,
  sizing,
  testNow,
  type BookOptions,
} from '../testing.ts'
import { verdictOf, type Row } from '../testing/verdicts.ts'
import type { Book } from './book.ts'
import type { ClosedTrade } from './closed-trades.ts'
import { entryChecks } from './entry-checks.ts'
import { exitChecks } from './exit-checks.ts'
import { noteBar } from './history.ts'

type Scene = Omit<Row, 'title' | 'denied'>

const since = instant(testNow)
const funds = { USDT: '10000' }
const rich: Scene = { book: { funds } }
const share = (text: string) => ({ balanceShare: decimal(text) })
const stopped = (state: 'paused' | 'flattened' | 'halted') => (made: Book) => {
  made.tradingStates.set('*', { state, since, reason: 'a test', requestedBy: 'test' })
}
const sold = (trade: Partial<ClosedTrade>) => (made: Book) => {
  const usual = { symbol: 'BTC/USDT', closedAt: testNow - 1, profit: Decimal.zero }
  const last = { ...usual, share: Decimal.zero, stopped: false, ...trade }
  made.trades.set('BTC/USDT', [last])
}
const held = (symbol: string, quantity: string): BookOptions => ({
  funds: { ...funds, [symbol.split('/')[0]!]: quantity },
  positions: { [symbol]: quantity },
})
const together = (made: Book) => {
  for (const symbol of ['BTC/USDT', 'ETH/USDT']) {
    for (let bar = 0; bar < 12; bar += 1) {
      const close = 100 + (bar % 3)
      const openTime = testNow - (12 - bar) * 60_000
      const times = { openTime, closeTime: openTime + 60_000 }
      noteBar(made.histories, symbol, { ...times, high: close, low: close, close })
    }
  }
}

const scenes: Readonly<Record<DenialCode, Scene>> = {
  intent_expired: { intent: intent({ expiresAt: since }) },
  trading_paused: { prepare: stopped('paused') },
  trading_flattened: { prepare: stopped('flattened') },
  trading_halted: { prepare: stopped('halted') },
  symbol_not_traded: { limits: { symbols: new Set() } },
  symbol_not_eligible: {
    prepare: (made) => {
      const verdict = { reason: 'spread_too_wide', since }
      made.fitness.unfit.set('simulator', new Map([['BTC/USDT', verdict]]))
    },
  },
  data_source_unreliable: {
    prepare: (made) => {
      made.fitness.troubles.set('simulator', { state: 'disabled', reason: 'no key', since })
    },
  },
  confidence_below_minimum: { intent: intent({ confidence: 49 }) },
  no_price: {
    book: { prices: {} },
    intent: intent({ expectedPriceAt: instant(testNow - 60_001) }),
  },
  stale_price: {
    book: { pricedAt: testNow - 60_001 },
    intent: intent({ expectedPriceAt: instant(testNow - 60_001) }),
  },
  insufficient_available_balance: {
    book: { reservations: [reservation({ symbol: 'ETH/USDT', amount: decimal('67.63') })] },
  },
  insufficient_inventory: { intent: exit() },
  quantity_below_minimum: {
    book: { funds: { USDT: '500' }, rules: [rules('BTC/USDT', { quantityMin: decimal('1') })] },
  },
  notional_below_minimum: { book: { funds: { USDT: '5' } } },
  exposure_exceeds_limit: { limits: { exposureShareMax: decimal('0.25') } },
  open_positions_exceed_limit: {
    book: held('ETH/USDT', '1'),
    limits: { ...share('0.1'), openPositionsMax: 1 },
  },
  position_already_open: { book: held('BTC/USDT', '0.1'), limits: share('0.1') },
  intent_already_open: { book: { funds, reservations: [reservation()] }, limits: share('0.1') },
  stop_not_below_price: { intent: intent({ stopLossPrice: '50000' }) },
  venue_rules_unavailable: { prepare: (made) => made.rules.clear() },
  insufficient_liquidity: {
    prepare: (made) => made.depths.set('BTC/USDT', { asks: [['50000', '0.00001']], at: testNow }),
  },
  volatility_unknown: { limits: { sizing: sizing({ method: 'volatility-target' }) } },
  daily_loss_reached: {
    ...rich,
    prepare: (made) => {
      const day = { day: '2026-01-05', startEquity: decimal('10527') }
      made.standing = { ...made.standing, day }
    },
  },
  symbol_exposure_exceeds_limit: { limits: { caps: caps({ symbolShareMax: decimal('0.5') }) } },
  asset_exposure_exceeds_limit: { limits: { caps: caps({ assetShareMax: decimal('0.5') }) } },
  correlated_exposure_exceeds_limit: {
    book: held('ETH/USDT', '1'),
    prepare: together,
    limits: { ...share('0.5'), caps: caps({ correlatedShareMax: decimal('0.5') }) },
  },
  symbol_cooling_down: {
    prepare: sold({}),
    limits: { protections: protections({ cooldownMs: 60_000 }) },
  },
  stops_reached_limit: {
    prepare: sold({ stopped: true }),
    limits: {
      protections: protections({
        stopGuard: { stops: 1, lookbackMs: 60_000, pauseMs: 60_000, perSymbol: false },
      }),
    },
  },
  symbol_profit_too_low: {
    prepare: sold({ share: decimal('-0.01') }),
    limits: {
      protections: protections({
        lowProfit: { trades: 1, lookbackMs: 60_000, lockMs: 60_000, profitMin: Decimal.zero },
      }),
    },
  },
  budget_exceeded: { limits: { budgets: new Map([['canary', decimal('0.05')]]) } },
  drawdown_halt: {
    ...rich,
    prepare: (made) => {
      const drawdown = { regime: 'normal', since, peak: decimal('12500') } as const
      const day = { day: '2026-01-05', startEquity: decimal('10000') }
      made.standing = { ...made.standing, day, drawdown }
    },
  },
  side_not_supported: { intent: intent({ side: 'sell' }) },
}

const codes = Object.keys(scenes) as DenialCode[]
const recordOf = (code: DenialCode) => {
  const verdict = verdictOf({ title: code, denied: null, ...scenes[code] })
  const reasons = verdict.kind === 'denied' ? verdict.reasons : []
  const reason = reasons.find((each) => each.code === code)
  return { reasons, reason, checks: verdict.checks }
}

describe('every reason of the contract', () => {
  it('has its scene, and none that the contract does not know', () => {
    expect(codes.toSorted()).toEqual(Object.keys(denialGuide).toSorted())
  })

  it.each(codes)('%s is said, by one check, with its numbers', (code) => {
    const { reasons, reason, checks } = recordOf(code)
    expect(reasons.map((each) => each.code)).toContain(code)
    expect(Object.keys(reason ?? {}).length).toBeGreaterThan(1)
    expect(checks.filter(({ outcome }) => outcome === 'denied')).toHaveLength(reasons.length)
  })

  it.each(codes.filter((code) => code !== 'insufficient_inventory'))(
    '%s is not said of the same entry in an account that is well',
    (code) => {
      const verdict = verdictOf({ title: code, denied: null, ...rich, limits: share('0.1') })
      const said = verdict.kind === 'denied' ? verdict.reasons.map((each) => each.code) : []
      expect(said).not.toContain(code)
    },
  )

  it('leaves the record that it always left', async () => {
    const records = codes.toSorted().map((code) => {
      const { reasons, reason, checks } = recordOf(code)
      const place = reasons.findIndex((each) => each.code === code)
      return { ...checks.filter(({ outcome }) => outcome === 'denied')[place], reason }
    })
    const text = `${JSON.stringify(records, null, 2)}\n`
    await expect(text).toMatchFileSnapshot('golden/denials.json')
  })

  /** One line for each check, in its order: so a thousand of them can still be read. */
  it('leaves the whole record that it always left, also of the checks that passed', async () => {
    const records = codes.toSorted().map((code) => {
      const lines = recordOf(code).checks.map(
        ({ check, outcome, inputs }) => `  ${check} ${outcome} ${JSON.stringify(inputs)}\n`,
      )
      return `${code}\n${lines.join('')}`
    })
    await expect(records.join('\n')).toMatchFileSnapshot('golden/records.txt')
  })
})

describe('every check', () => {
  const denying = new Set(
    codes.flatMap((code) => {
      return recordOf(code).checks.flatMap(({ check, outcome }) =>
        outcome === 'denied' ? check : [],
      )
    }),
  )
  /** These find or change the size; what they do is in the tests of sizes. */
  const sizes = [
    'confidence-scale',
    'regime-scale',
    'room',
    'liquidity',
    'expensive-asset',
    'quantity-maximum',
  ]

  it.each([...new Set([...entryChecks, ...exitChecks].map(({ name }) => name))])(
    '%s denies in one of the scenes, or works on the size',
    (name) => {
      expect([...denying, ...sizes]).toContain(name)
    },
  )

  it('has a name of its own in its list, and runs in the order of the list', () => {
    for (const [list, wish] of [
      [entryChecks, intent()],
      [exitChecks, exit()],
    ] as const) {
      const names = list.map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
      const { checks } = verdictOf({ title: '', denied: null, intent: wish })
      expect(checks.map(({ check }) => check)).toEqual(names)
    }
  })
})
