import type { Side } from '../core/index.ts'
import {
  isOpen,
  least,
  needOf,
  type ReferenceOptions,
  type ReferenceOrder,
} from './reference-rules.ts'

export type ReferenceTrade = readonly [
  orderId: number,
  price: bigint,
  quantity: bigint,
  fee: bigint,
  isMaker: boolean,
]

export type ReferenceLevel = { readonly price: bigint; quantity: bigint }

export type ReferenceSetting = ReferenceOptions & {
  readonly fees: { readonly maker: bigint; readonly taker: bigint }
  readonly balances: Record<string, bigint>
}

/** Who has ordered what, what was traded, and what that means for the account. */
export class ReferenceState {
  readonly orders: ReferenceOrder[] = []
  readonly trades: ReferenceTrade[] = []
  readonly matches: (readonly [taker: number, maker: number])[] = []
  readonly total: Record<string, bigint>
  protected readonly options: ReferenceOptions
  protected readonly fees: ReferenceSetting['fees']
  protected last = 0n
  protected asks: ReferenceLevel[] = []
  protected bids: ReferenceLevel[] = []

  constructor(setting: ReferenceSetting) {
    this.options = setting
    this.fees = setting.fees
    this.total = { ...setting.balances }
  }

  locked(asset: string): bigint {
    let sum = 0n
    for (const order of this.orders) {
      if (!isOpen(order) || this.assetOf(order.request.side) !== asset) continue
      const partner = this.partnerOf(order)
      if (order.status === 'PENDING_NEW') {
        if (order.list?.ids[1] === order.id) sum += order.list.proceeds
      } else if (partner === undefined || !isOpen(partner)) sum += needOf(order)
      // Of two legs the larger need counts, once.
      else if (order.id < partner.id) sum -= least(-needOf(order), -needOf(partner))
    }
    return sum
  }

  free(asset: string): bigint {
    return (this.total[asset] ?? 0n) - this.locked(asset)
  }

  /** The two that exclude each other. */
  protected partnerOf({ id, list }: ReferenceOrder): ReferenceOrder | undefined {
    if (list === null) return undefined
    const pair = list.kind === 'OCO' ? list.ids : list.ids.slice(1)
    if (pair.length < 2 || !pair.includes(id)) return undefined
    return this.orders[(pair[0] === id ? pair[1]! : pair[0]!) - 1]
  }

  protected assetOf(side: Side): string {
    return side === 'BUY' ? this.options.rules.quote : this.options.rules.base
  }

  protected house(side: Side): ReferenceLevel[] {
    return side === 'BUY' ? this.bids : this.asks
  }

  /** The account's resting orders on a side, the best first. */
  protected own(side: Side): ReferenceOrder[] {
    const resting = this.orders.filter(
      (order) => isOpen(order) && order.workingAt >= 0 && order.turn > 0,
    )
    return resting
      .filter(({ request }) => request.side === side)
      .sort((left, right) => {
        const [a, b] = [left.request.price, right.request.price]
        if (a !== b) return a < b === (side === 'SELL') ? -1 : 1
        return left.turn - right.turn
      })
  }
}
