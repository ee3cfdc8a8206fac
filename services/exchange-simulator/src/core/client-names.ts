import type { Market, Order } from './types.ts'

/**
 * Orders by the ids that clients gave them. Every new order asks whether its id is free, which only the
 * few live ones can deny; the many that have ended are put into an index when somebody looks for one,
 * so that no order pays for a map of all there ever were.
 */
export type ClientNames = {
  readonly live: Map<string, Order>
  readonly past: Map<string, Order>
  /** How many of the market's orders have been put into `past`. */
  indexed: number
}

type Named = Pick<Market, 'names' | 'orders'>

export function createNames(): ClientNames {
  return { live: new Map(), past: new Map(), indexed: 0 }
}

export function isNameTaken({ names }: Named, clientOrderId: string): boolean {
  return names.live.has(clientOrderId)
}

export function takeName({ names }: Named, order: Order): void {
  names.live.set(order.clientOrderId, order)
}

/** The order has ended: another one may have its name. */
export function giveUpName({ names }: Named, order: Order): void {
  names.live.delete(order.clientOrderId)
}

/** The latest order of that name: an id may be used again once its order has ended. */
export function findByName({ names, orders }: Named, clientOrderId: string): Order | undefined {
  const live = names.live.get(clientOrderId)
  if (live !== undefined) return live
  for (; names.indexed < orders.length; names.indexed += 1) {
    const order = orders[names.indexed]
    if (order !== undefined) names.past.set(order.clientOrderId, order)
  }
  const found = names.past.get(clientOrderId)
  return found?.clientOrderId === clientOrderId ? found : undefined
}

/** The order keeps nothing of its old name. */
export function changeName(market: Named, order: Order, clientOrderId: string): void {
  const { names } = market
  giveUpName(market, order)
  order.clientOrderId = clientOrderId
  takeName(market, order)
  if (order.id <= names.indexed) names.past.set(clientOrderId, order)
}
