import {
  expireByVenue,
  findByName,
  floorToStep,
  forceFill,
  isLive,
  larger,
  MINUTE_MS,
  minuteOf,
  multiply,
  parseUnits,
  remainingOf,
  units,
  type Feed,
  type Market,
  type Order,
  type Parameters,
  type Side,
} from '../core/index.ts'
import type { Desk } from '../desk.ts'
import type { TextResponse } from '../http/server.ts'
import type { FaultArguments } from './fault-kinds.ts'
import type { Fault, Subject } from './fault-registry.ts'

/** What faults do to the exchange itself, before or after a request has reached it. */
export function feedsFor(desk: Desk, symbol: string | undefined): Feed[] {
  return [...desk.feeds.values()].filter(
    ({ market }) => symbol === undefined || market.rules.symbol === symbol,
  )
}

function part(amount: bigint, fraction: number): bigint {
  return multiply(amount, units(fraction.toFixed(8)))
}

/** The book gives the order a part of what it asks for, and nobody anything on that side after. */
export function stall(desk: Desk, fault: Fault, subject: Subject): void {
  if (fault.spec.kind !== 'F17') return
  const { parameters } = subject
  const market = desk.feeds.get(parameters.get('symbol') ?? '')?.market
  if (market === undefined) return
  const { fraction, stallMs } = fault.spec.args
  const side = (parameters.get('side') ?? parameters.get('workingSide')) as Side | undefined
  const maker = side === 'SELL' ? 'BUY' : 'SELL'
  const step = larger(1n, market.rules.step)
  market.supply[maker] = floorToStep(part(wantedOf(market, parameters), fraction), step)
  fault.lift = () => {
    market.supply[maker] = null
  }
  if (stallMs !== undefined) desk.at(desk.now() + stallMs, fault.lift)
}

function wantedOf(market: Market, parameters: Parameters): bigint {
  const base = parameters.get('quantity') ?? parameters.get('workingQuantity')
  if (base !== undefined) return parseUnits(base) ?? 0n
  const quote = parseUnits(parameters.get('quoteOrderQty') ?? '0') ?? 0n
  return (quote * units('1')) / larger(1n, market.lastPrice)
}

/** The orders that a cancel means are filled in the last moment before it. */
export function fillBeforeCancel(desk: Desk, fault: Fault, { parameters }: Subject): void {
  if (fault.spec.kind !== 'F18') return
  const { engine } = desk
  const order = ordersMeant(desk, parameters).find(isLive)
  if (order === undefined) return
  const wanted = floorToStep(
    part(remainingOf(order), fault.spec.args.fraction),
    desk.feeds.get(order.symbol)?.market.rules.step ?? 1n,
  )
  forceFill(engine, { order, quantity: wanted, now: desk.now() })
  desk.commit(null)
}

/** Of a list the leg that rests in the book comes first: it is the one that gets filled. */
function ordersMeant(desk: Desk, parameters: Parameters): Order[] {
  const market = desk.engine.markets.get(parameters.get('symbol') ?? '')
  if (market === undefined) return []
  const legs = legsMeant(desk, market, parameters)
  if (legs !== null) return legs
  const orderId = parameters.get('orderId')
  const name = parameters.get('origClientOrderId')
  if (orderId === undefined && name === undefined) return [...market.live.values()]
  const order =
    orderId === undefined ? findByName(market, name ?? '') : market.orders.get(Number(orderId))
  return order === undefined ? [] : [order]
}

/** Null when no list is named. */
function legsMeant({ engine }: Desk, market: Market, parameters: Parameters): Order[] | null {
  const name = parameters.get('listClientOrderId')
  const id = parameters.get('orderListId')
  if (name === undefined && id === undefined) return null
  const list =
    id === undefined ? engine.listsByClientId.get(name ?? '') : engine.lists[Number(id) - 1]
  const legs = (list?.orderIds ?? []).flatMap((legId) => market.orders.get(legId) ?? [])
  return legs.sort((left, right) => right.workingAt - left.workingAt)
}

type Placed = { orderId?: number; orders?: readonly { orderId: number }[] }

function ordersPlaced(desk: Desk, subject: Subject, response: TextResponse): Order[] {
  if (response.status !== 200) return []
  const body = JSON.parse(response.body) as Placed
  const ids = [
    ...(body.orderId === undefined ? [] : [body.orderId]),
    ...(body.orders ?? []).map(({ orderId }) => orderId),
  ]
  const market = desk.engine.markets.get(subject.parameters.get('symbol') ?? '')
  return ids.flatMap((id) => market?.orders.get(id) ?? [])
}

/** After an answer that said all is well. */
export function afterLanding(
  desk: Desk,
  fault: Fault,
  landed: { subject: Subject; response: TextResponse },
): void {
  const { spec } = fault
  const orders = ordersPlaced(desk, landed.subject, landed.response)
  if (spec.kind === 'F20' && orders.length > 0) {
    const { engine } = desk
    const expire = (): void => expireByVenue(engine, orders, desk.now())
    if (spec.args.afterMs === 0) {
      expire()
      desk.commit(null)
    } else desk.at(desk.now() + spec.args.afterMs, expire)
  }
  if (spec.kind === 'F21') closeBar(desk, fault, landed.subject)
}

/** Orders of a request that will be rejected when they would begin to work. */
type Bar = { readonly symbol: string; readonly after: number; upTo: number }

const bars = new WeakMap<Fault, Bar>()

/** Set before the request lands: an order that waits for another may begin in the same moment. */
export function openBar({ engine }: Desk, fault: Fault, { parameters }: Subject): void {
  if (fault.spec.kind !== 'F21') return
  const symbol = parameters.get('symbol') ?? ''
  const known = engine.markets.get(symbol)?.orders.last ?? 0
  const bar: Bar = { symbol, after: known, upTo: Infinity }
  bars.set(fault, bar)
  const before = engine.activates
  const isBarred = (order: Order): boolean =>
    order.symbol === bar.symbol && order.id > bar.after && order.id <= bar.upTo
  engine.activates = (order) => !isBarred(order) && before(order)
  const { lift } = fault
  fault.lift = () => {
    lift?.()
    bar.upTo = bar.after
  }
}

function closeBar({ engine }: Desk, fault: Fault, { parameters }: Subject): void {
  const bar = bars.get(fault)
  if (bar !== undefined) {
    bar.upTo = engine.markets.get(parameters.get('symbol') ?? '')?.orders.last ?? bar.after
  }
}

/** Faults of the market as a whole: they hold from when they strike until they are lifted. */
export function befall(desk: Desk, fault: Fault, symbol: string | undefined): void {
  const { spec } = fault
  for (const feed of feedsFor(desk, symbol)) {
    if (spec.kind === 'F22') openGap(desk, feed, spec.args)
    if (spec.kind === 'F23') halt(fault, feed.market, spec.args.status)
    if (spec.kind === 'F28') changeRules(feed, spec.args)
  }
  if (spec.kind === 'F28') changeFees(desk, spec.args)
}

export function openGap(desk: Desk, feed: Feed, args: FaultArguments['F22']): void {
  const from = minuteOf(desk.now() + MINUTE_MS)
  const factor = units((1 + args.percent / 100).toFixed(8))
  feed.gaps.push({ from, to: args.minutes === undefined ? null : from + args.minutes, factor })
}

function halt(fault: Fault, market: Market, status: FaultArguments['F23']['status']): void {
  const before = fault.lift
  market.halted = status
  fault.lift = () => {
    before?.()
    market.halted = null
  }
}

function changeRules({ market, liquidity }: Feed, args: FaultArguments['F28']): void {
  const { tick, step, notionalMin } = args
  market.rules = {
    ...market.rules,
    ...(tick === undefined ? {} : { tick: units(tick), priceMin: units(tick) }),
    ...(step === undefined ? {} : { step: units(step), quantityMin: units(step) }),
    ...(notionalMin === undefined ? {} : { notionalMin: units(notionalMin) }),
  }
  liquidity.rules = market.rules
}

/** A fee in another asset costs three quarters, as it does where the exchange has a coin of its own. */
const DISCOUNTED = units('0.75')

function changeFees({ engine }: Desk, args: FaultArguments['F28']): void {
  if (args.makerFee !== undefined) engine.makerFee = units(args.makerFee)
  if (args.takerFee !== undefined) engine.takerFee = units(args.takerFee)
  if (args.feeAsset === undefined) return
  const price = larger(1n, units(args.feeAssetPrice ?? '600'))
  engine.feeDiscount = { asset: args.feeAsset, price, share: DISCOUNTED }
}
