import { ById } from './by-id.ts'
import { ByPrice } from './by-price.ts'
import type { Order } from './types.ts'

/**
 * Orders by price, then by rank. Those of one price stand in line; the prices are a binary heap, so that
 * adding, cancelling and taking the best cost the same with ten orders as with a hundred thousand.
 * Whoever leaves is gone at once: nothing in the queue holds on to an order that has ended.
 */
export type OrderQueue = {
  readonly best: 'highest' | 'lowest'
  readonly priceOf: (order: Order) => bigint
  /** Every price at which somebody stands; the best is the first. */
  readonly lines: Line[]
  readonly byPrice: ByPrice<Line>
  /** By the order's id. */
  readonly seats: ById<Seat>
}

/** Somebody always stands in it. */
class Line {
  readonly price: bigint
  declare first: Seat
  declare last: Seat
  /** Where it stands among the prices. */
  place: number
  next: Line | null = null

  constructor(price: bigint, place: number) {
    this.price = price
    this.place = place
  }
}

/** A class, since V8 makes what a literal makes among the old objects once many of them have stayed. */
class Seat {
  readonly order: Order
  readonly line: Line
  ahead: Seat | null
  behind: Seat | null

  constructor(order: Order, line: Line, ahead: Seat | null) {
    this.order = order
    this.line = line
    this.ahead = ahead
    this.behind = ahead === null ? null : ahead.behind
  }
}

export function createQueue(shape: Pick<OrderQueue, 'best' | 'priceOf'>): OrderQueue {
  return { ...shape, lines: [], byPrice: new ByPrice(), seats: new ById() }
}

/** Behind all of its price with a lower rank: nearly always at the end. */
export function enqueue(queue: OrderQueue, order: Order): void {
  const price = queue.priceOf(order)
  const line = queue.byPrice.get(price)
  if (line === null) return openLine(queue, price, order)
  let ahead: Seat | null = line.last
  while (ahead !== null && ahead.order.rank > order.rank) ahead = ahead.ahead
  const seat = new Seat(order, line, ahead)
  if (ahead === null) seat.behind = line.first
  const { behind } = seat
  if (ahead === null) line.first = seat
  else ahead.behind = seat
  if (behind === null) line.last = seat
  else behind.ahead = seat
  queue.seats.set(order.id, seat)
}

/** An order that is only the picture of one stands nowhere. */
export function leave(queue: OrderQueue, order: Order): void {
  const seat = queue.seats.get(order.id)
  if (seat?.order !== order) return
  queue.seats.delete(order.id)
  const { line, ahead, behind } = seat
  if (ahead === null && behind === null) return closeLine(queue, line)
  if (ahead === null) line.first = behind!
  else ahead.behind = behind
  if (behind === null) line.last = ahead!
  else behind.ahead = ahead
}

export function peek(queue: OrderQueue): Order | null {
  return queue.lines[0]?.first.order ?? null
}

export function members(queue: OrderQueue): Order[] {
  return queue.lines.flatMap((line) => [...membersOf(line)])
}

/** From the best on, without touching the queue; costs only as much as is asked for. */
export function* inOrder(queue: OrderQueue): Generator<Order> {
  const { lines } = queue
  const frontier = lines.length === 0 ? [] : [0]
  while (frontier.length > 0) {
    const index = takeBest(queue, frontier)
    for (const child of [index * 2 + 1, index * 2 + 2]) {
      if (child < lines.length) frontier.push(child)
    }
    yield* membersOf(lines[index]!)
  }
}

function* membersOf(line: Line): Generator<Order> {
  for (let seat: Seat | null = line.first; seat !== null; seat = seat.behind) yield seat.order
}

/** Takes the best of those prices that have not been looked at, of which none is better. */
function takeBest(queue: OrderQueue, frontier: number[]): number {
  const { lines } = queue
  let best = 0
  for (let at = 1; at < frontier.length; at += 1) {
    if (isBefore(queue, lines[frontier[at]!]!, lines[frontier[best]!]!)) best = at
  }
  const index = frontier[best]!
  const last = frontier.pop()!
  if (best < frontier.length) frontier[best] = last
  return index
}

function openLine(queue: OrderQueue, price: bigint, order: Order): void {
  const line = new Line(price, queue.lines.length)
  const seat = new Seat(order, line, null)
  line.first = seat
  line.last = seat
  queue.byPrice.add(line)
  queue.seats.set(order.id, seat)
  queue.lines.push(line)
  rise(queue, line)
}

/** Nobody stands at this price any more: the last one takes its place, and goes where it belongs. */
function closeLine(queue: OrderQueue, line: Line): void {
  queue.byPrice.delete(line)
  const last = queue.lines.pop()!
  if (last === line) return
  put(queue, last, line.place)
  rise(queue, last)
  sink(queue, last)
}

function rise(queue: OrderQueue, line: Line): void {
  while (line.place > 0) {
    const above = queue.lines[(line.place - 1) >> 1]!
    if (!isBefore(queue, line, above)) return
    swap(queue, line, above)
  }
}

function sink(queue: OrderQueue, line: Line): void {
  for (;;) {
    const left = queue.lines[line.place * 2 + 1]
    const right = queue.lines[line.place * 2 + 2]
    const below =
      left !== undefined && right !== undefined && isBefore(queue, right, left) ? right : left
    if (below === undefined || !isBefore(queue, below, line)) return
    swap(queue, line, below)
  }
}

function swap(queue: OrderQueue, one: Line, other: Line): void {
  const { place } = one
  put(queue, one, other.place)
  put(queue, other, place)
}

function put(queue: OrderQueue, line: Line, place: number): void {
  queue.lines[place] = line
  line.place = place
}

function isBefore(queue: OrderQueue, left: Line, right: Line): boolean {
  return queue.best === 'highest' ? left.price > right.price : left.price < right.price
}
