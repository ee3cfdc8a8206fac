import fc from 'fast-check'
import { expect, test } from 'vitest'
import { desktop, ladder, newOrder, rules, type OrderShape } from '../testing/builders.ts'
import { ReferenceEngine } from '../testing/reference-engine.ts'
import {
  cancelOrder,
  movePrice,
  ORDER_TYPES,
  replaceOrder,
  SELF_TRADE_MODES,
  submitOco,
  submitOrder,
  TIMES_IN_FORCE,
  units,
  type Engine,
  type Replaced,
  type Side,
} from './index.ts'

/** Two numbers make a command, so that a failing sequence shrinks to its essence quickly. */
type Command = readonly [number, number]
type Draw = (count: number) => number

const commands = fc.array(fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff)), {
  minLength: 1,
  maxLength: 14,
})

function drawer([first, second]: Command): Draw {
  let left = BigInt(first) * 4_294_967_296n + BigInt(second)
  return (count) => {
    const drawn = Number(left % BigInt(count))
    left /= BigInt(count)
    return drawn
  }
}

function drawOrder(draw: Draw, side?: Side): OrderShape {
  const type = ORDER_TYPES[draw(7)]!
  const byQuote = type === 'MARKET' && draw(3) === 0
  const isLimit = type.includes('LIMIT')
  const isStop = type.startsWith('STOP') || type.startsWith('TAKE')
  return {
    side: side ?? (draw(2) === 0 ? 'BUY' : 'SELL'),
    type,
    timeInForce: type === 'LIMIT' || (isLimit && isStop) ? TIMES_IN_FORCE[draw(3)]! : 'GTC',
    price: isLimit ? 93 + draw(15) : 0,
    stopPrice: isStop ? 93 + draw(15) : 0,
    quantity: byQuote ? 0 : 1 + draw(24),
    quoteQuantity: byQuote ? 50 + draw(40) * 37 : 0,
    clientOrderId: 'abcdef'[draw(6)]!,
    selfTradeMode: SELF_TRADE_MODES[draw(3)]!,
  }
}

function drawOco(draw: Draw): { above: OrderShape; below: OrderShape } {
  const side = draw(2) === 0 ? 'BUY' : 'SELL'
  const common = { side, timeInForce: 'GTC', quantity: 1 + draw(20) } as const
  const stopType = draw(2) === 0 ? 'STOP_LOSS' : 'STOP_LOSS_LIMIT'
  const isSell = side === 'SELL'
  const stopAt = isSell ? 94 + draw(6) : 101 + draw(6)
  const stop = {
    ...common,
    type: stopType,
    stopPrice: stopAt,
    price: stopType === 'STOP_LOSS' ? 0 : stopAt - 1 + draw(3),
    clientOrderId: 'gh'[draw(2)]!,
  } as const
  const profit = {
    ...common,
    type: 'LIMIT_MAKER',
    price: isSell ? 101 + draw(6) : 94 + draw(6),
    clientOrderId: 'ij'[draw(2)]!,
  } as const
  return isSell ? { above: profit, below: stop } : { above: stop, below: profit }
}

function reference(): ReferenceEngine {
  return new ReferenceEngine({
    rules: rules(),
    fees: { maker: units('0.001'), taker: units('0.002') },
    average: units('100'),
    balances: { USDT: units('2000'), BTC: units('40') },
  })
}

function levels(price: number, sizes: readonly number[], side: Side) {
  const source = ladder(price, sizes)
  return sizes.flatMap((_size, index) => source(side, index) ?? [])
}

type World = { readonly engine: Engine; readonly model: ReferenceEngine; price: number }

function run(sequence: readonly Command[]): void {
  const { engine } = desktop({ USDT: 2_000, BTC: 40 })
  const world: World = { engine, model: reference(), price: 100 }
  move(world, [10, 10, 10], 2_000)
  for (const [index, command] of sequence.entries()) {
    const [ours, theirs] = play(world, drawer(command), index)
    expect(ours).toEqual(theirs)
    compare(engine, world.model)
  }
  for (const [asset, amount] of [
    ['USDT', units('2000')],
    ['BTC', units('40')],
  ] as const) {
    const { free, locked, house, fees } = engine.holdings.get(asset)!
    expect([asset, free + locked + house + fees]).toEqual([asset, amount])
  }
}

/** Does the same in both worlds and returns what each says to it. */
function play(world: World, draw: Draw, index: number): [ours: unknown, theirs: unknown] {
  const { engine, model } = world
  const now = 3_000 + Math.floor(index / 2)
  const kind = draw(10)
  if (kind < 5) {
    const request = newOrder(drawOrder(draw))
    const done = submitOrder(engine, request, now)
    const expected = model.submit(request, now)
    return [
      done.kind === 'refused' ? done.message : done.order.id,
      typeof expected === 'string' ? expected : expected.id,
    ]
  }
  if (kind < 6) {
    const shapes = drawOco(draw)
    const oco = {
      listClientOrderId: `list-${index}`,
      above: newOrder(shapes.above),
      below: newOrder(shapes.below),
    }
    const done = submitOco(engine, oco, now)
    const expected = model.oco(oco, now)
    return [
      done.kind === 'refused' ? done.message : done.orders.map(({ id }) => id),
      typeof expected === 'string' ? expected : expected.map(({ id }) => id),
    ]
  }
  if (kind < 7 && draw(3) === 0) {
    const clientOrderId = 'abcdefghij'[draw(10)]!
    const request = newOrder(drawOrder(draw))
    const isStrict = draw(2) === 0
    const cancel = { symbol: 'BTCUSDT', orderId: null, clientOrderId }
    const mode = isStrict ? 'STOP_ON_FAILURE' : 'ALLOW_FAILURE'
    const done = replaceOrder(engine, { mode, cancel, request }, now)
    const expected = model.replace(clientOrderId, isStrict, [request, now])
    return [done.kind === 'refused' ? done.message : replacedText(done), expected]
  }
  if (kind < 7) {
    const clientOrderId = 'abcdefghij'[draw(10)]!
    const done = cancelOrder(engine, { symbol: 'BTCUSDT', orderId: null, clientOrderId }, now)
    const expected = model.cancel(clientOrderId)
    return [
      done.kind === 'refused' ? done.message : 'done',
      typeof expected === 'string' ? expected : 'done',
    ]
  }
  world.price = Math.max(90, Math.min(110, world.price + draw(9) - 4))
  move(world, [1 + draw(12), 1 + draw(12), 1 + draw(12)], now)
  return [null, null]
}

function replacedText({ cancellation, submission }: Replaced): string {
  if (submission === null) return 'not attempted'
  const placed = submission.kind === 'refused' ? submission.message : submission.order.id
  return `${cancellation.kind === 'refused'} ${placed}`
}

function move({ engine, model, price }: World, sizes: readonly number[], now: number): void {
  const market = engine.markets.get('BTCUSDT')!
  const to = units(String(price))
  movePrice(engine, market, { price: to, levels: ladder(price, sizes), now })
  model.move(to, levels(price, sizes, 'SELL'), levels(price, sizes, 'BUY'), now)
}

let seen = new Set<string>()

function compare(engine: Engine, model: ReferenceEngine): void {
  const market = engine.markets.get('BTCUSDT')!
  const ours = market.orders.map((order) => [
    order.id,
    order.status,
    order.expiryReason,
    order.executed,
    order.executedQuote,
    order.quantity,
  ])
  const theirs = model.orders.map((order) => [
    order.id,
    order.status,
    order.reason,
    order.executed,
    order.spent,
    order.quantity,
  ])
  expect(ours).toEqual(theirs)
  for (const { status, expiryReason } of market.orders) {
    seen.add(expiryReason === null ? status : `${status} ${expiryReason}`)
  }
  for (const asset of ['BTC', 'USDT']) {
    const { free, locked } = engine.holdings.get(asset)!
    expect([asset, locked, free]).toEqual([asset, model.locked(asset), model.free(asset)])
    expect(free >= 0n && locked >= 0n).toBe(true)
  }
  expect(
    market.trades.map((trade) => [
      trade.orderId,
      trade.price,
      trade.quantity,
      trade.commission,
      trade.isMaker,
    ]),
  ).toEqual(model.trades)
}

test('ten thousand random sessions end as the reference engine says, order by order', () => {
  const ends = new Set<string>()
  seen = ends
  fc.assert(
    fc.property(commands, (sequence) => run(sequence)),
    { numRuns: 10_000 },
  )
  // The sessions really reach every way in which an order can end.
  expect([...ends]).toEqual(
    expect.arrayContaining([
      'CANCELED',
      'EXPIRED INSUFFICIENT_LIQUIDITY',
      'EXPIRED OCO_TRIGGER',
      'EXPIRED UNFILLED_FOK_ORDER_EXPIRED',
      'EXPIRED UNFILLED_IOC_QUANTITY_EXPIRED',
      'EXPIRED_IN_MATCH',
      'FILLED',
      'NEW',
      'PARTIALLY_FILLED',
    ]),
  )
}, 240_000)
