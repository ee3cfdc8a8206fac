// One scene for every code of the contract, in which the check that denies with it does so. A code that is
// added to the contract has no row here and does not compile.
import { instant, type DenialCode } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import type { ClosedTrade } from '../core/closed-trades.ts'
import { noteBar, type Book } from '../core/index.ts'
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
import type { Row } from './verdicts.ts'

export type Scene = Omit<Row, 'title' | 'denied'>

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

export const denialScenes: Readonly<Record<DenialCode, Scene>> = {
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
  exposure_exceeds_limit: {
    book: { reservations: [reservation({ symbol: 'ETH/USDT' })] },
    limits: { ...share('0.1'), exposureShareMax: decimal('0.25') },
  },
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
  symbol_exposure_exceeds_limit: {
    book: { reservations: [reservation()] },
    limits: {
      ...share('0.1'),
      addToPositions: true,
      caps: caps({ symbolShareMax: decimal('0.5') }),
    },
  },
  asset_exposure_exceeds_limit: {
    book: { funds: { ...funds, BTC: '0.2' } },
    limits: { ...share('0.1'), caps: caps({ assetShareMax: decimal('0.5') }) },
  },
  correlated_exposure_exceeds_limit: {
    book: held('ETH/USDT', '4'),
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
