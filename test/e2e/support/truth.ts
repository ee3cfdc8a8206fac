// What really happened, as the simulator's control port tells it.
import { Decimal } from '@flotilla/money'
import { z } from 'zod'

export type SimulatorTruth = {
  readonly orders: readonly TruthOrder[]
  /** Conversions at a quoted price among them: they are no order of the book. */
  readonly trades: readonly TruthTrade[]
  /** Free and locked together, by asset. */
  readonly balances: ReadonlyMap<string, Decimal>
  /** Requests that no endpoint of the venue answers. */
  readonly escapes: readonly string[]
}

export type TruthOrder = {
  readonly symbol: string
  readonly clientOrderId: string
  readonly type: string
  readonly status: string
  readonly open: boolean
  readonly quantity: Decimal
  readonly filledQuantity: Decimal
  /** Market time of its arrival, and of the last thing that happened to it. */
  readonly createdAt: number
  readonly updatedAt: number
}

export type TruthTrade = {
  readonly symbol: string
  readonly tradeId: string
  readonly price: Decimal
  readonly quantity: Decimal
  readonly fee: Decimal
  readonly feeAsset: string
  readonly side: 'buy' | 'sell'
  readonly at: number
}

const Wire = z.looseObject({
  orders: z.array(
    z.looseObject({
      symbol: z.string(),
      clientOrderId: z.string(),
      type: z.string(),
      status: z.string(),
      origQty: z.string(),
      executedQty: z.string(),
      time: z.number(),
      updateTime: z.number(),
    }),
  ),
  trades: z.array(
    z.looseObject({
      symbol: z.string(),
      id: z.number(),
      price: z.string(),
      qty: z.string(),
      commission: z.string(),
      commissionAsset: z.string(),
      time: z.number(),
      isBuyer: z.boolean(),
    }),
  ),
  conversions: z.array(
    z.looseObject({
      orderId: z.number(),
      fromAsset: z.string(),
      fromAmount: z.string(),
      toAsset: z.string(),
      toAmount: z.string(),
      createTime: z.number(),
    }),
  ),
  balances: z.array(z.looseObject({ asset: z.string(), free: z.string(), locked: z.string() })),
  escapes: z.array(z.unknown()),
})

const OPEN = new Set(['NEW', 'PARTIALLY_FILLED', 'PENDING_NEW'])

/** `controlUrl` is the control port's address; symbols come back in our own form. */
export async function readTruth(controlUrl: string): Promise<SimulatorTruth> {
  const answer = await fetch(new URL('/__sim/ledger', controlUrl))
  const wire = Wire.parse(await answer.json())
  return {
    orders: wire.orders.map((order) => ({
      symbol: canonical(order.symbol),
      clientOrderId: order.clientOrderId,
      type: order.type,
      status: order.status,
      open: OPEN.has(order.status),
      quantity: Decimal.from(order.origQty),
      filledQuantity: Decimal.from(order.executedQty),
      createdAt: order.time,
      updatedAt: order.updateTime,
    })),
    trades: [...wire.trades.map(tradeOf), ...wire.conversions.map(tradeOfConversion)],
    balances: new Map(
      wire.balances.map(({ asset, free, locked }) => [asset, Decimal.from(free).plus(locked)]),
    ),
    escapes: wire.escapes.map((escape) => JSON.stringify(escape)),
  }
}

type Answer = z.infer<typeof Wire>

function tradeOf(trade: Answer['trades'][number]): TruthTrade {
  return {
    symbol: canonical(trade.symbol),
    tradeId: String(trade.id),
    price: Decimal.from(trade.price),
    quantity: Decimal.from(trade.qty),
    fee: Decimal.from(trade.commission),
    feeAsset: trade.commissionAsset,
    side: trade.isBuyer ? ('buy' as const) : ('sell' as const),
    at: trade.time,
  }
}

/** Digits of a price that is a quotient. */
const PRICE_SCALE = 36

/** Only base is given away in the tests. */
function tradeOfConversion(conversion: Answer['conversions'][number]): TruthTrade {
  const { orderId, fromAsset, toAsset, createTime } = conversion
  const quantity = Decimal.from(conversion.fromAmount)
  return {
    symbol: `${fromAsset}/${toAsset}`,
    tradeId: `convert-${orderId}`,
    price: Decimal.from(conversion.toAmount).dividedBy(quantity, PRICE_SCALE, 'half-up'),
    quantity,
    fee: Decimal.zero,
    feeAsset: toAsset,
    side: 'sell',
    at: createTime,
  }
}

/** `BTCUSDT` as `BTC/USDT`: the tests trade against USDT only. */
function canonical(symbol: string): string {
  return symbol.replace(/USDT$/, '/USDT')
}
