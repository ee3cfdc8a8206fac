import type { Order } from './types.ts'

/**
 * Orders by price, then by age: a binary heap whose entries are dropped when they come up dead, so
 * that adding, cancelling and taking the best cost the same with ten orders as with a hundred thousand.
 */
export type OrderQueue = {
  readonly entries: Order[]
  readonly best: 'highest' | 'lowest'
  readonly priceOf: (order: Order) => bigint
  readonly belongs: (order: Order) => boolean
  /** Entries whose order has left the queue but has not come up yet. */
  stale: number
}

export function createQueue(shape: Pick<OrderQueue, 'best' | 'priceOf' | 'belongs'>): OrderQueue {
  return { ...shape, entries: [], stale: 0 }
}

export function enqueue(queue: OrderQueue, order: Order): void {
  const { entries } = queue
  let index = entries.length
  entries.push(order)
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = entries[parent]
    if (above === undefined || !isBefore(queue, order, above)) break
    entries[index] = above
    index = parent
  }
  entries[index] = order
}

export function peek(queue: OrderQueue): Order | null {
  for (;;) {
    const top = queue.entries[0]
    if (top === undefined) return null
    if (queue.belongs(top)) return top
    removeTop(queue)
    if (queue.stale > 0) queue.stale -= 1
  }
}

/** Tells the queue that one of its orders is gone; it is rebuilt when most of it is dead. */
export function forget(queue: OrderQueue): void {
  queue.stale += 1
  if (queue.stale < 64 || queue.stale * 2 < queue.entries.length) return
  const kept = members(queue)
  queue.entries.length = 0
  queue.stale = 0
  for (const order of kept) enqueue(queue, order)
}

export function members(queue: OrderQueue): Order[] {
  return queue.entries.filter((order) => queue.belongs(order))
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

function isBefore(queue: OrderQueue, left: Order, right: Order): boolean {
  const leftPrice = queue.priceOf(left)
  const rightPrice = queue.priceOf(right)
  if (leftPrice === rightPrice) return isOlder(left, right)
  return leftPrice > rightPrice === (queue.best === 'highest')
}

/** A stop takes its place in the book when it is triggered, not when it was sent. */
function isOlder(left: Order, right: Order): boolean {
  if (left.workingAt === right.workingAt) return left.id < right.id
  return left.workingAt < right.workingAt
}
