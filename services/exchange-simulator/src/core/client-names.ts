import { NameTable } from './name-table.ts'
import type { Market, Order } from './types.ts'

/**
 * Orders by the ids that clients gave them. Every new order asks whether its id is free, which only the
 * few live ones can deny; the many that have ended are put into an index when somebody looks for one,
 * so that no order pays for a map of all there ever were.
 */
export type ClientNames = {
  readonly live: NameTable
  /** The ids of those that had them last. */
  readonly past: Map<string, number>
  /** How many of the market's orders have been put into `past`. */
  indexed: number
  /** Of those that have ended the first with an id answers to it, instead of the last. */
  keepsFirst: boolean
}

type Named = Pick<Market, 'names' | 'orders'>
type LiveOrders = Market['live']

export function createNames(orders: LiveOrders): ClientNames {
  const live = new NameTable((id) => orders.get(id)?.clientOrderId)
  for (const order of orders.values()) live.set(order.clientOrderId, order.id)
  return { live, past: new Map(), indexed: 0, keepsFirst: false }
}

export function isNameTaken({ names }: Named, clientOrderId: string): boolean {
  return names.live.get(clientOrderId) > 0
}

export function takeName({ names }: Named, order: Order): void {
  names.live.set(order.clientOrderId, order.id)
}

/** The order has ended: another one may have its name. */
export function giveUpName({ names }: Named, order: Order): void {
  names.live.delete(order.clientOrderId, order.id)
}

/** The latest order of that name, a live one first: an id may be used again once its order has ended. */
export function findByName({ names, orders }: Named, clientOrderId: string): Order | undefined {
  const live = orders.get(names.live.get(clientOrderId))
  if (live !== undefined) return live
  while (names.indexed < orders.last) {
    names.indexed += 1
    const name = orders.nameOf(names.indexed)
    if (name === null || (names.keepsFirst && names.past.has(name))) continue
    names.past.set(name, names.indexed)
  }
  const found = orders.get(names.past.get(clientOrderId) ?? 0)
  return found?.clientOrderId === clientOrderId ? found : undefined
}

/** The order keeps nothing of its old name. */
export function changeName(market: Named, order: Order, clientOrderId: string): void {
  const { names } = market
  giveUpName(market, order)
  order.clientOrderId = clientOrderId
  takeName(market, order)
  if (order.id <= names.indexed) names.past.set(clientOrderId, order.id)
}
