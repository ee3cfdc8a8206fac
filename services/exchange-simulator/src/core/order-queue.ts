import type { Order } from './types.ts'

/**
 * Orders by price, then by rank: a binary heap whose entries are dropped when they come up dead, so
 * that adding, cancelling and taking the best cost the same with ten orders as with a hundred thousand.
 * An order that loses its place gets a new entry; the old one is dead, since its rank is another.
 */
type Entry = { readonly order: Order; readonly price: bigint; readonly rank: number }

export type OrderQueue = {
  readonly entries: Entry[]
  readonly best: 'highest' | 'lowest'
  readonly priceOf: (order: Order) => bigint
  readonly belongs: (order: Order) => boolean
  /** Entries whose order has left the queue but has not come up yet. */
  stale: number
}

/** Below this size dead entries are not worth looking for. */
const STALE_MIN = 64

export function createQueue(shape: Pick<OrderQueue, 'best' | 'priceOf' | 'belongs'>): OrderQueue {
  return { ...shape, entries: [], stale: 0 }
}

export function enqueue(queue: OrderQueue, order: Order): void {
  push(queue, { order, price: queue.priceOf(order), rank: order.rank })
}

export function peek(queue: OrderQueue): Order | null {
  for (;;) {
    const top = queue.entries[0]
    if (top === undefined) return null
    if (isAlive(queue, top)) return top.order
    removeTop(queue)
    if (queue.stale > 0) queue.stale -= 1
  }
}

/** Tells the queue that one of its entries is dead; it is rebuilt when most of it is. */
export function forget(queue: OrderQueue): void {
  queue.stale += 1
  if (queue.stale < STALE_MIN || queue.stale * 2 < queue.entries.length) return
  const kept = queue.entries.filter((entry) => isAlive(queue, entry))
  queue.entries.length = 0
  queue.stale = 0
  for (const entry of kept) push(queue, entry)
}

export function members(queue: OrderQueue): Order[] {
  return queue.entries.filter((entry) => isAlive(queue, entry)).map(({ order }) => order)
}

/** From the best on, without touching the queue; costs only as much as is asked for. */
export function* inOrder(queue: OrderQueue): Generator<Order> {
  const { entries } = queue
  const frontier = entries.length === 0 ? [] : [0]
  while (frontier.length > 0) {
    const index = takeBest(queue, frontier)
    const entry = entries[index]
    if (entry === undefined) continue
    for (const child of [index * 2 + 1, index * 2 + 2]) {
      if (child < entries.length) frontier.push(child)
    }
    if (isAlive(queue, entry)) yield entry.order
  }
}

function takeBest(queue: OrderQueue, frontier: number[]): number {
  let best = 0
  for (let at = 1; at < frontier.length; at += 1) {
    const entry = queue.entries[frontier[at] ?? 0]
    const champion = queue.entries[frontier[best] ?? 0]
    if (entry !== undefined && champion !== undefined && isBefore(queue, entry, champion)) best = at
  }
  const index = frontier[best] ?? 0
  const last = frontier.pop() ?? 0
  if (best < frontier.length) frontier[best] = last
  return index
}

function isAlive(queue: OrderQueue, { order, rank }: Entry): boolean {
  return order.rank === rank && queue.belongs(order)
}

function push(queue: OrderQueue, entry: Entry): void {
  const { entries } = queue
  let index = entries.length
  entries.push(entry)
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = entries[parent]
    if (above === undefined || !isBefore(queue, entry, above)) break
    entries[index] = above
    index = parent
  }
  entries[index] = entry
}

function removeTop(queue: OrderQueue): void {
  const { entries } = queue
  const last = entries.pop()
  if (last === undefined || entries.length === 0) return
  let index = 0
  for (;;) {
    const child = betterChild(queue, index)
    const below = entries[child]
    if (below === undefined || !isBefore(queue, below, last)) break
    entries[index] = below
    index = child
  }
  entries[index] = last
}

function betterChild(queue: OrderQueue, index: number): number {
  const left = index * 2 + 1
  const first = queue.entries[left]
  const second = queue.entries[left + 1]
  if (first === undefined || second === undefined) return left
  return isBefore(queue, second, first) ? left + 1 : left
}

function isBefore(queue: OrderQueue, left: Entry, right: Entry): boolean {
  if (left.price === right.price) return left.rank < right.rank
  return left.price > right.price === (queue.best === 'highest')
}
