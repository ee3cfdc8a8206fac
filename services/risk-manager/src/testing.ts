// Builders for tests: each gives something valid, and takes only what the test is about.
import {
  createMessage,
  deriveId,
  instant,
  IntentProposed,
  OrderCanceled,
  OrderFilled,
  OrderPartiallyFilled,
  type AnyMessage,
  type OrderLeg,
  type MessageOfType,
} from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { symbolRules } from '@flotilla/venue/testing'
import type { SymbolRules } from '@flotilla/venue'
import {
  createBook,
  notePrice,
  type Book,
  type Caps,
  type Limits,
  type Protections,
  type Sizing,
  type OpenReservation,
} from './core/index.ts'

/** 2026-01-05T00:00:00Z, as the test context's clock starts. */
export const testNow = 1_767_571_200_000

export const decimal = (text: string): Decimal => Decimal.from(text)

export function sizing(overrides: Partial<Sizing> = {}): Sizing {
  return {
    method: 'balance-share',
    riskShare: decimal('0.01'),
    volatilityShare: decimal('0.01'),
    volatilityPeriod: 3,
    historyAgeMaxMs: 120_000,
    confidenceScaleMin: decimal('1'),
    depthShareMax: decimal('1'),
    depthAgeMaxMs: 10_000,
    expensiveAssetShare: decimal('0.005'),
    wholeUnitAssets: new Set(),
    ...overrides,
  }
}

export function protections(overrides: Partial<Protections> = {}): Protections {
  return {
    cooldownMs: 0,
    stopGuard: { stops: 0, lookbackMs: 3_600_000, pauseMs: 1_800_000, perSymbol: false },
    lowProfit: { trades: 0, lookbackMs: 3_600_000, lockMs: 1_800_000, profitMin: Decimal.zero },
    ...overrides,
  }
}

export function caps(overrides: Partial<Caps> = {}): Caps {
  return {
    symbolShareMax: Decimal.one,
    assetShareMax: Decimal.one,
    correlatedShareMax: Decimal.one,
    correlationMin: 0.8,
    correlationCandles: 10,
    ...overrides,
  }
}

export function limits(overrides: Partial<Limits> = {}): Limits {
  return {
    venue: 'simulator',
    symbols: new Set(['BTC/USDT', 'ETH/USDT', 'SOL/USDT']),
    confidenceMin: 50,
    priceAgeMaxMs: 60_000,
    balanceShare: decimal('0.8'),
    shareOf: 'balance',
    moneyScales: new Map([['USDT', 2]]),
    sizing: sizing(),
    slippageMax: decimal('0.005'),
    stopLossShare: decimal('0.05'),
    takeProfitShare: decimal('0.1'),
    raiseToMinimum: true,
    notionalMinDefault: decimal('5'),
    exposureShareMax: decimal('1'),
    dayStart: { at: '00:00', zone: 'UTC' },
    dailyLossMax: decimal('0.05'),
    drawdown: {
      defenseAt: decimal('0.1'),
      defenseUntil: decimal('0.05'),
      haltAt: decimal('0.2'),
      haltUntil: decimal('0.15'),
      defenseFactor: decimal('0.5'),
    },
    budgets: new Map(),
    protections: protections(),
    caps: caps(),
    openPositionsMax: 5,
    addToPositions: false,
    ...overrides,
  }
}

export function rules(symbol: string, overrides: Partial<SymbolRules> = {}): SymbolRules {
  return symbolRules({ symbol, ...overrides })
}

export type BookOptions = {
  readonly funds?: Readonly<Record<string, string>>
  readonly prices?: Readonly<Record<string, string>>
  readonly rules?: readonly SymbolRules[]
  readonly reservations?: readonly OpenReservation[]
  readonly positions?: Readonly<Record<string, string>>
  readonly pricedAt?: number
}

export function book(options: BookOptions = {}): Book {
  const reservations = options.reservations ?? []
  const reservedOf = (asset: string): Decimal =>
    reservations
      .filter((each) => each.asset === asset)
      .reduce((total, each) => total.plus(each.amount).minus(each.consumed), Decimal.zero)
  const prices = options.prices ?? { 'BTC/USDT': '50000', 'ETH/USDT': '2500', 'SOL/USDT': '100' }
  const made = createBook({
    account: {
      account: 'main',
      venue: 'simulator',
      mode: 'paper',
      currency: 'USDT',
      openedAt: testNow,
    },
    balances: Object.entries(options.funds ?? { USDT: '84.54' }).map(([asset, total]) => ({
      asset,
      total: decimal(total),
      reserved: reservedOf(asset),
    })),
    reservations,
    memory: Object.entries(options.positions ?? {}).map(([symbol, quantity]) => ({
      agent: 'risk-manager',
      key: `position/main/${symbol}`,
      value: { quantity, lastFillPrice: prices[symbol] ?? '1' },
    })),
  })
  for (const [symbol, price] of Object.entries(prices)) {
    const at = options.pricedAt ?? testNow
    notePrice(made, symbol, { price: decimal(price), at, source: 'market' })
  }
  for (const each of options.rules ?? ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'].map((s) => rules(s))) {
    made.rules.set(each.symbol, each)
  }
  return made
}

export function reservation(overrides: Partial<OpenReservation> = {}): OpenReservation {
  const intentId = overrides.intentId ?? deriveId('test', 'reservation')
  return {
    reservationId: deriveId('reservation', 'main', intentId),
    account: 'main',
    intentId,
    symbol: 'BTC/USDT',
    asset: 'USDT',
    amount: decimal('50'),
    consumed: Decimal.zero,
    state: 'held',
    createdAt: testNow,
    endedAt: null,
    endReason: null,
    ...overrides,
  }
}

export function intent(overrides: Partial<IntentProposed> = {}): IntentProposed {
  return {
    intentId: deriveId('test', 'intent', overrides.symbol ?? ''),
    strategy: 'ema-crossover',
    venue: 'simulator',
    symbol: 'BTC/USDT',
    side: 'buy',
    purpose: 'entry',
    confidence: 80,
    expectedPrice: '50000',
    expectedPriceAt: instant(testNow),
    reason: 'a test',
    stopLossPrice: null,
    takeProfitPrice: null,
    expiresAt: instant(testNow + 60_000),
    chain: [],
    ...overrides,
  }
}

export function exit(overrides: Partial<IntentProposed> = {}): IntentProposed {
  return intent({ side: 'sell', purpose: 'exit', ...overrides })
}

export function intentMessage(
  overrides: Partial<IntentProposed> = {},
): MessageOfType<'strategy.intent.proposed.v1'> {
  const payload = intent(overrides)
  return createMessage(IntentProposed, {
    source: 'strategy',
    occurredAt: testNow,
    discriminator: payload.intentId,
    payload,
  })
}

type OrderMessage = Extract<AnyMessage, { type: `execution.order.${string}` }>

export type OrderOptions = {
  readonly kind?: 'partially-filled' | 'filled' | 'canceled'
  readonly account?: string
  readonly symbol?: string
  readonly side?: 'buy' | 'sell'
  readonly leg?: OrderLeg
  readonly reservationId?: string | null
  readonly price?: string
  readonly quantity?: string
  readonly fee?: string
  readonly feeAsset?: string
  /** Of the whole order so far; the fill's own unless given. */
  readonly filledQuantity?: string
  readonly filledQuote?: string
  readonly endsReservation?: boolean
  readonly tradeId?: string
}

/** What execution says: a fill, or the end of an order without one. */
export function orderMessage(options: OrderOptions = {}): OrderMessage {
  const kind = options.kind ?? 'filled'
  const { price = '50000', quantity = '0.001', tradeId = '1', symbol = 'BTC/USDT' } = options
  const { account = 'main' } = options
  const ends = kind === 'canceled'
  const filledQuote = decimal(price).times(quantity).toString()
  const order = {
    account,
    venue: 'simulator',
    symbol,
    clientOrderId: 'fls-test-e1',
    venueOrderId: '1',
    intentId: deriveId('test', 'intent', symbol),
    reservationId: options.reservationId ?? null,
    leg: options.leg ?? 'entry',
    side: options.side ?? 'buy',
    orderType: 'limit',
    timeInForce: 'ioc',
    quantity,
    price,
    stopPrice: null,
    filledQuantity: options.filledQuantity ?? (ends ? '0' : quantity),
    filledQuote: options.filledQuote ?? (ends ? '0' : filledQuote),
    endsReservation: options.endsReservation ?? kind !== 'partially-filled',
  } as const
  const base = {
    source: 'execution',
    occurredAt: testNow,
    discriminator: `${symbol} ${kind} ${tradeId}`,
    account,
  } as const
  if (ends) {
    const payload = { ...order, code: 'requested', reason: 'a test' }
    return createMessage(OrderCanceled, { ...base, payload })
  }
  const fill = {
    tradeId,
    price,
    quantity,
    fee: options.fee ?? '0',
    feeAsset: options.feeAsset ?? 'USDT',
    filledAt: instant(testNow),
  }
  const payload = { ...order, fill }
  return kind === 'filled'
    ? createMessage(OrderFilled, { ...base, payload })
    : createMessage(OrderPartiallyFilled, { ...base, payload })
}
