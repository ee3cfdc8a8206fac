import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { desktop, ladder, newOrder, rules } from '../testing/builders.ts'
import { drawOco, drawOrder, drawPendingList, type Draw } from '../testing/random-commands.ts'
import type { ReferenceOrder } from '../testing/reference-rules.ts'
import { ReferenceVenue } from '../testing/reference-venue.ts'
import {
  amendOrder,
  cancelOrder,
  movePrice,
  replaceOrder,
  submitOco,
  submitOrder,
  submitPendingList,
  isLive,
  isStop,
  units,
  type Engine,
  type ListSubmission,
  type Market,
  type Order,
  type Replaced,
  type Side,
  type Submission,
} from './index.ts'

/** Two numbers make a command, so that a failing sequence shrinks to its essence quickly. */
type Command = readonly [number, number]

const commands = fc.array(fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff)), {
  minLength: 4,
  maxLength: 20,
})

function drawer([first, second]: Command): Draw {
  let left = BigInt(first) * 4_294_967_296n + BigInt(second)
  return (count) => {
    const drawn = Number(left % BigInt(count))
    left /= BigInt(count)
    return drawn
  }
}

function reference(): ReferenceVenue {
  return new ReferenceVenue({
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

type World = { readonly engine: Engine; readonly model: ReferenceVenue; price: number }

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

type Play = (world: World, draw: Draw, index: number) => readonly [ours: unknown, theirs: unknown]

/** Does the same in both worlds and returns what each says to it. */
const plays: Readonly<Record<string, Play>> = {
  submit: ({ engine, model }, draw, index) => {
    const request = newOrder(drawOrder(draw))
    return [
      answerOf(submitOrder(engine, request, timeOf(index))),
      idsOf(model.submit(request, timeOf(index))),
    ]
  },
  oco: ({ engine, model }, draw, index) => {
    const oco = drawOco(draw, `list-${index}`)
    return [answerOf(submitOco(engine, oco, timeOf(index))), idsOf(model.oco(oco, timeOf(index)))]
  },
  pending: ({ engine, model }, draw, index) => {
    const list = drawPendingList(draw, `list-${index}`)
    return [
      answerOf(submitPendingList(engine, list, timeOf(index))),
      idsOf(model.pendingList(list, timeOf(index))),
    ]
  },
  replace: ({ engine, model }, draw, index) => {
    const name = drawName(draw)
    const request = newOrder(drawOrder(draw))
    const isStrict = draw(2) === 0
    const mode = isStrict ? 'STOP_ON_FAILURE' : 'ALLOW_FAILURE'
    const done = replaceOrder(engine, { mode, cancel: called(name), request }, timeOf(index))
    return [
      done.kind === 'refused' ? done.message : replacedText(done),
      model.replace(name, isStrict, [request, timeOf(index)]),
    ]
  },
  cancel: ({ engine, model }, draw, index) => {
    const name = drawName(draw)
    const done = cancelOrder(engine, called(name), timeOf(index))
    const expected = model.cancel(name)
    return [
      done.kind === 'refused' ? done.message : 'done',
      typeof expected === 'string' ? expected : 'done',
    ]
  },
  amend: ({ engine, model }, draw, index) => {
    const name = drawName(draw)
    const quantity = units(String(1 + draw(20)))
    const clientOrderId = draw(2) === 0 ? name : drawName(draw)
    const done = amendOrder(engine, { name: called(name), quantity, clientOrderId }, timeOf(index))
    return [
      done.kind === 'refused' ? done.message : done.order.id,
      idsOf(model.amend(name, quantity, clientOrderId)),
    ]
  },
  move: (world, draw, index) => {
    world.price = Math.max(90, Math.min(110, world.price + draw(9) - 4))
    move(world, [1 + draw(12), 1 + draw(12), 1 + draw(12)], timeOf(index))
    return [null, null]
  },
}

/** How often each is played. */
const chances: readonly (readonly [times: number, play: string])[] = [
  [5, 'submit'],
  [1, 'oco'],
  [2, 'pending'],
  [1, 'replace'],
  [1, 'cancel'],
  [1, 'amend'],
  [3, 'move'],
]
const bag = chances.flatMap(([times, name]) => Array.from({ length: times }, () => name))

function play(world: World, draw: Draw, index: number): readonly [ours: unknown, theirs: unknown] {
  return plays[bag[draw(bag.length)]!]!(world, draw, index)
}

/** Two commands in a row happen at the same moment. */
function timeOf(index: number): number {
  return 3_000 + Math.floor(index / 2)
}

function drawName(draw: Draw): string {
  return 'abcdefghijklmn'[draw(14)]!
}

function called(clientOrderId: string) {
  return { symbol: 'BTCUSDT', orderId: null, clientOrderId }
}

function answerOf(done: Submission | ListSubmission): unknown {
  if (done.kind === 'refused') return done.message
  return 'order' in done ? done.order.id : done.orders.map(({ id }) => id)
}

function idsOf(answer: string | ReferenceOrder | readonly ReferenceOrder[]): unknown {
  if (typeof answer === 'string') return answer
  return 'id' in answer ? answer.id : answer.map(({ id }) => id)
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
  model.move(to, [levels(price, sizes, 'SELL'), levels(price, sizes, 'BUY')], now)
}

let seen = new Set<string>()

/** What has come up at all, so that nothing is proved by never happening. */
function noteSeen(engine: Engine, order: Order): void {
  const { status, expiryReason, listId } = order
  seen.add(expiryReason === null ? status : `${status} ${expiryReason}`)
  const list = engine.lists[listId - 1]
  const isPending = list !== undefined && list.kind !== 'OCO' && list.orderIds[0] !== order.id
  if (isPending && order.executed > 0n) seen.add(`traded in ${list.kind}`)
  if (order.trailingDelta > 0 && order.executed > 0n) seen.add('trailed and traded')
  if (order.icebergQuantity > 0n && order.executed > order.icebergQuantity)
    seen.add('iceberg moved')
  if (order.amends > 0 && order.executed > 0n) seen.add('amended and traded')
}

function compare(engine: Engine, model: ReferenceVenue): void {
  const market = engine.markets.get('BTCUSDT')!
  const ours = market.orders
    .all()
    .map((order) => [
      order.id,
      order.status,
      order.expiryReason,
      order.executed,
      order.executedQuote,
      order.quantity,
      order.prevented,
      order.clientOrderId,
    ])
  const theirs = model.orders.map((order) => [
    order.id,
    order.status,
    order.reason,
    order.executed,
    order.spent,
    order.quantity,
    order.prevented,
    order.name,
  ])
  expect(ours).toEqual(theirs)
  for (const order of market.orders) noteSeen(engine, order)
  if (market.trades.all().some(({ isSelfTrade }) => isSelfTrade)) seen.add('self trade')
  for (const { mode } of market.prevented) seen.add(`prevented ${mode}`)
  for (const asset of ['BTC', 'USDT']) {
    const { free, locked } = engine.holdings.get(asset)!
    expect([asset, locked, free]).toEqual([asset, model.locked(asset), model.free(asset)])
    expect(free >= 0n && locked >= 0n).toBe(true)
  }
  expect(
    market.trades
      .all()
      .map((trade) => [
        trade.orderId,
        trade.price,
        trade.quantity,
        trade.commission,
        trade.isMaker,
      ]),
  ).toEqual(model.trades)
  expect(market.prevented.map((match) => [match.takerOrderId, match.makerOrderId])).toEqual(
    model.matches,
  )
  expect(summary(market)).toEqual(countsOf(market))
}

/** What the market keeps count of, and the same counted anew. */
function summary({ algoOrders, icebergOrders, openLists, live }: Market) {
  return { algoOrders, icebergOrders, openLists, live: live.size }
}

function countsOf({ orders }: Market) {
  const open = orders.all().filter(isLive)
  return {
    algoOrders: open.filter(({ type }) => isStop(type)).length,
    icebergOrders: open.filter(({ icebergQuantity }) => icebergQuantity > 0n).length,
    openLists: new Set(open.filter(({ listId }) => listId > 0).map(({ listId }) => listId)).size,
    live: open.length,
  }
}

test('ten thousand random sessions end as the reference engine says, order by order', () => {
  const ends = new Set<string>()
  seen = ends
  fc.assert(
    fc.property(commands, (sequence) => run(sequence)),
    { numRuns: 10_000, seed: propertySeed },
  )
  // The sessions really reach every way in which an order can end.
  expect([...ends]).toEqual(
    expect.arrayContaining([
      'CANCELED',
      'EXPIRED INSUFFICIENT_LIQUIDITY',
      'EXPIRED OCO_TRIGGER',
      'EXPIRED OTO_PHASE_ONE_EXPIRED',
      'EXPIRED REJECTED',
      'EXPIRED UNFILLED_FOK_ORDER_EXPIRED',
      'EXPIRED UNFILLED_IOC_QUANTITY_EXPIRED',
      'EXPIRED_IN_MATCH',
      'FILLED',
      'NEW',
      'PARTIALLY_FILLED',
      'PENDING_NEW',
      'amended and traded',
      'iceberg moved',
      'prevented DECREMENT',
      'prevented EXPIRE_BOTH',
      'prevented EXPIRE_MAKER',
      'prevented EXPIRE_TAKER',
      'prevented TRANSFER',
      'self trade',
      'trailed and traded',
      'traded in OPO',
      'traded in OPOCO',
      'traded in OTO',
      'traded in OTOCO',
    ]),
  )
}, 240_000)
