import type { NewOco, NewOrder, NewPendingList } from '../core/index.ts'
import { ReferenceEngine } from './reference-engine.ts'
import {
  draft,
  isOpen,
  isStop,
  leftOf,
  least,
  needOf,
  refuseByCount,
  refuseByFilter,
  refuseByPrice,
  refuseBySize,
  type ReferenceList,
  type ReferenceOrder,
} from './reference-rules.ts'

/** What can be asked of the reference engine, and what it answers: the refusal's text or the orders. */
export class ReferenceVenue extends ReferenceEngine {
  submit(request: NewOrder, now: number): string | ReferenceOrder {
    const refusal = this.#refuse(request) ?? this.refuseFunds(draft(request, this.last))
    if (refusal !== null) return refusal
    const order = this.#add(request)
    this.begin(order, now)
    this.settle(now)
    return order
  }

  oco({ above, below }: NewOco, now: number): string | ReferenceOrder[] {
    const refusal = this.#refuseOco(above, below)
    if (refusal !== null) return refusal
    const requests = isStop(above) || !isStop(below) ? [above, below] : [below, above]
    const orders = requests.map((request) => this.#add(request))
    this.#tie('OCO', orders)
    for (const order of orders) this.begin(order, now)
    this.settle(now)
    return orders
  }

  pendingList(wish: NewPendingList, now: number): string | ReferenceOrder[] {
    const refusal = this.#refusePending(wish)
    if (refusal !== null) return refusal
    const orders = [wish.working, ...wish.pendings].map((request) => this.#add(request))
    this.#tie(wish.kind, orders)
    for (const pending of orders.slice(1)) pending.status = 'PENDING_NEW'
    this.begin(orders[0]!, now)
    this.settle(now)
    return orders
  }

  cancel(name: string): string | ReferenceOrder {
    const order = this.#openOf(name)
    if (order === undefined) return 'Unknown order sent.'
    const ids = order.list === null ? [order.id] : order.list.ids
    for (const id of ids) {
      const one = this.orders[id - 1]!
      if (isOpen(one)) one.status = 'CANCELED'
    }
    return order
  }

  replace(name: string, isStrict: boolean, [request, now]: readonly [NewOrder, number]): string {
    const filtered = refuseByFilter(request, this.orders, this.options)
    if (filtered !== null) return filtered
    const isFailed = typeof this.cancel(name) === 'string'
    if (isFailed && isStrict) return 'not attempted'
    const placed = this.submit(request, now)
    return `${isFailed} ${typeof placed === 'string' ? placed : placed.id}`
  }

  amend(name: string, quantity: bigint, newName: string): string | ReferenceOrder {
    const order = this.#openOf(name)
    if (order === undefined) return 'Unknown order sent.'
    const refusal = this.#refuseAmend(order, quantity)
    if (refusal !== null) return refusal
    if (newName !== name && this.#isNamed(newName)) return 'Duplicate order sent.'
    const partner = this.partnerOf(order)
    for (const one of [order, partner]) {
      if (one === undefined || !isOpen(one)) continue
      one.quantity = quantity
      one.amends += 1
      one.shown = least(one.shown, leftOf(one))
    }
    order.name = newName
    return order
  }

  #refuseAmend(order: ReferenceOrder, quantity: bigint): string | null {
    if (order.status === 'PENDING_NEW' && order.list?.kind.startsWith('OPO') === true) {
      return 'Order amend (pending OPO order) is not supported.'
    }
    if (quantity > order.quantity) return 'Order amend (quantity increase) is not supported.'
    if (quantity === order.quantity) return 'The requested action would change no state; rejecting.'
    if (order.amends >= this.options.rules.amendsMax) return 'Filter failure: MAX_NUM_ORDER_AMENDS'
    if (quantity <= order.executed + order.prevented) return 'Filter failure: LOT_SIZE'
    const icebergQuantity = least(order.request.icebergQuantity, quantity)
    return refuseBySize({ ...order.request, quantity, icebergQuantity }, this.options)
  }

  #refuse(request: NewOrder): string | null {
    return (
      refuseByFilter(request, this.orders, this.options) ??
      this.#refuseIceberg([request]) ??
      (this.#isNamed(request.clientOrderId) ? 'Duplicate order sent.' : null) ??
      this.refuseImmediate(request)
    )
  }

  #refuseIceberg(requests: readonly NewOrder[]): string | null {
    const isWrong = requests.some(({ icebergQuantity, quantity }) => icebergQuantity > quantity)
    return isWrong ? 'IcebergQty exceeds QTY.' : null
  }

  /** Later ones of its name that have ended are not in its way: an amendment can take their name. */
  #openOf(name: string): ReferenceOrder | undefined {
    return this.orders.find((order) => isOpen(order) && order.name === name)
  }

  #isNamed(clientOrderId: string): boolean {
    return this.#openOf(clientOrderId) !== undefined
  }

  #refuseNames(requests: readonly NewOrder[]): string | null {
    const names = requests.map(({ clientOrderId }) => clientOrderId)
    const isTaken = names.some(
      (name, index) => names.indexOf(name) !== index || this.#isNamed(name),
    )
    return isTaken ? 'Duplicate order sent.' : null
  }

  #refuseCounts(requests: readonly NewOrder[]): string | null {
    const counted = refuseByCount(requests, this.orders, this.options)
    if (counted !== null) return counted
    const lists = new Set(this.orders.filter(isOpen).flatMap(({ list }) => list ?? []))
    const isFull = lists.size >= this.options.rules.orderListsMax
    return isFull ? 'Filter failure: MAX_NUM_ORDER_LISTS' : null
  }

  #refuseOco(above: NewOrder, below: NewOrder): string | null {
    const legs = [above, below]
    const early =
      refuseByFilter(above, this.orders, this.options) ??
      refuseByFilter(below, this.orders, this.options) ??
      this.#refuseCounts(legs) ??
      this.#refuseIceberg(legs) ??
      this.#refuseNames(legs) ??
      this.refuseRelation(above, below) ??
      this.refuseImmediate(above) ??
      this.refuseImmediate(below)
    if (early !== null) return early
    const needs = legs.map((leg) => needOf(draft(leg, this.last)))
    const need = needs[0]! > needs[1]! ? needs[0]! : needs[1]!
    return need > this.free(this.assetOf(above.side))
      ? 'Account has insufficient balance for requested action.'
      : null
  }

  #refusePending({ kind, working, pendings }: NewPendingList): string | null {
    const isSized = kind === 'OTO' || kind === 'OTOCO'
    const all = [working, ...pendings]
    const filtered = [
      refuseByFilter(working, this.orders, this.options),
      ...pendings.map((pending) => refuseByPrice(pending, this.options)),
      ...(isSized ? pendings.map((pending) => refuseBySize(pending, this.options)) : []),
    ].find((refusal) => refusal !== null)
    return (
      filtered ??
      this.#refuseCounts(all) ??
      this.#refuseIceberg(isSized ? all : [working]) ??
      this.#refuseNames(all) ??
      this.#refuseOrder(pendings) ??
      this.refuseImmediate(working) ??
      this.refuseFunds(draft(working, this.last))
    )
  }

  /** The first of two must wait above the second. */
  #refuseOrder([above, below]: readonly NewOrder[]): string | null {
    if (above === undefined || below === undefined) return null
    const [high, low] = [above, below].map((leg) => (isStop(leg) ? leg.stopPrice : leg.price))
    if (high === 0n || low === 0n || high! > low!) return null
    return 'The relationship of the prices for the orders is not correct.'
  }

  #add(request: NewOrder): ReferenceOrder {
    const order = { ...draft(request, this.last), id: this.orders.length + 1 }
    this.orders.push(order)
    return order
  }

  #tie(kind: ReferenceList['kind'], orders: readonly ReferenceOrder[]): void {
    const list = { kind, ids: orders.map(({ id }) => id), proceeds: 0n }
    for (const order of orders) order.list = list
  }
}
