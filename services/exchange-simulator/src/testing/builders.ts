import {
  createEngine,
  movePrice,
  submitOco,
  submitOrder,
  submitPendingList,
  units,
  type Engine,
  type LevelSource,
  type ListSubmission,
  type Market,
  type NewOrder,
  type NewPendingList,
  type Order,
  type Submission,
  type SymbolRules,
} from '../core/index.ts'

/** A market in whole numbers: tick and step are 1, the price is about 100. */
export function rules(change: Partial<SymbolRules> = {}): SymbolRules {
  return {
    symbol: 'BTCUSDT',
    base: 'BTC',
    quote: 'USDT',
    tick: units('1'),
    priceMin: units('1'),
    priceMax: units('1000'),
    step: units('1'),
    quantityMin: units('1'),
    quantityMax: units('60'),
    marketStep: 0n,
    marketQuantityMin: 0n,
    marketQuantityMax: units('40'),
    notionalMin: units('5'),
    notionalMax: units('5000'),
    percent: {
      BUY: { up: units('2'), down: units('0.5') },
      SELL: { up: units('2'), down: units('0.5') },
    },
    trailingMin: 10,
    trailingMax: 2_000,
    icebergPartsMax: 10,
    ordersMax: 8,
    algoOrdersMax: 3,
    icebergOrdersMax: 2,
    orderListsMax: 2,
    amendsMax: 2,
    positionMax: 0n,
    ...change,
  }
}

/** Three levels of ten on each side, one apart: 101, 102, 103 to sell, 99, 98, 97 to buy. */
export function ladder(price: number, sizes: readonly number[] = [10, 10, 10]): LevelSource {
  return (side, index) => {
    const size = sizes[index]
    if (size === undefined) return null
    const level = side === 'BUY' ? price - 1 - index : price + 1 + index
    return level < 1 ? null : { price: units(String(level)), quantity: units(String(size)) }
  }
}

export type Desktop = {
  readonly engine: Engine
  readonly market: Market
  move(price: number, sizes?: readonly number[]): void
  send(order: OrderShape): Submission
  oco(above: OrderShape, below: OrderShape): ListSubmission
  pending(
    kind: NewPendingList['kind'],
    working: OrderShape,
    ...pendings: OrderShape[]
  ): ListSubmission
  balance(asset: string): { free: string; locked: string }
}

export type OrderShape = Partial<
  Omit<NewOrder, 'price' | 'stopPrice' | 'quantity' | 'quoteQuantity' | 'icebergQuantity'>
> & {
  readonly icebergQuantity?: number
  readonly price?: number
  readonly stopPrice?: number
  readonly quantity?: number
  readonly quoteQuantity?: number
}

export function newOrder(shape: OrderShape): NewOrder {
  const {
    price = 0,
    stopPrice = 0,
    quantity = 0,
    quoteQuantity = 0,
    icebergQuantity = 0,
    ...rest
  } = shape
  return {
    symbol: 'BTCUSDT',
    side: 'BUY',
    type: 'LIMIT',
    timeInForce: 'GTC',
    clientOrderId: 'a',
    selfTradeMode: 'EXPIRE_MAKER',
    strategyId: null,
    strategyType: null,
    trailingDelta: 0,
    icebergQuantity: units(String(icebergQuantity)),
    price: units(String(price)),
    stopPrice: units(String(stopPrice)),
    quantity: units(String(quantity)),
    quoteQuantity: units(String(quoteQuantity)),
    ...rest,
  }
}

/** An engine at price 100 whose account owns the given amounts. */
export function desktop(
  balances: Readonly<Record<string, number>> = { USDT: 10_000, BTC: 100 },
  changed: Partial<SymbolRules> = {},
): Desktop {
  const engine = createEngine({
    rules: [rules(changed)],
    makerFee: units('0.001'),
    takerFee: units('0.002'),
    balances: new Map(
      Object.entries(balances).map(([asset, amount]) => [asset, units(String(amount))]),
    ),
  })
  const market = engine.markets.get('BTCUSDT')!
  market.averagePrice = units('100')
  let now = 1_000
  let unnamed = 0
  const named = (shape: OrderShape): NewOrder =>
    newOrder({ clientOrderId: `auto-${(unnamed += 1)}`, ...shape })
  const desk: Desktop = {
    engine,
    market,
    move: (price, sizes) => {
      now += 1_000
      movePrice(engine, market, { price: units(String(price)), levels: ladder(price, sizes), now })
    },
    send: (shape) => submitOrder(engine, named(shape), now),
    oco: (above, below) =>
      submitOco(
        engine,
        { listClientOrderId: `list-${(unnamed += 1)}`, above: named(above), below: named(below) },
        now,
      ),
    pending: (kind, working, ...pendings) =>
      submitPendingList(
        engine,
        {
          kind,
          listClientOrderId: `list-${(unnamed += 1)}`,
          working: named(working),
          pendings: pendings.map(named),
        },
        now,
      ),
    balance: (asset) => {
      const { free, locked } = engine.holdings.get(asset)!
      return { free: plain(free), locked: plain(locked) }
    },
  }
  desk.move(100)
  return desk
}

function plain(value: bigint): string {
  return String(Number(value) / 1e8)
}

export function accepted(submission: Submission): Order {
  if (submission.kind === 'refused') throw new Error(`refused: ${submission.message}`)
  return submission.order
}
