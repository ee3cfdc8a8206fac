import { chunkFor, chunkOf, createRows, fits, startOf } from './rows.ts'
import type { Trade } from './types.ts'

const PLACE = {
  price: 0,
  quantity: 1,
  quote: 2,
  commission: 3,
  id: 4,
  orderId: 5,
  listId: 6,
  time: 7,
  /** Which of the three yes-or-no questions about it are answered by yes, and the fee's asset. */
  marks: 8,
} as const

const WIDTH = Object.keys(PLACE).length
const IS_BUYER = 1
const IS_MAKER = 2
const IS_SELF_TRADE = 4
const ASSET = 8

/**
 * All trades of a symbol in the order in which they happened, which is that of their ids. A trade never
 * changes, so that it is kept as a row and made anew for whoever asks.
 */
export class TradeFile implements Iterable<Trade> {
  readonly #symbol: string
  readonly #rows
  /** Those with an amount that has no room in a row, and those that a copy has of its own. */
  readonly #whole = new Map<number, Trade>()
  /** Assets in which fees were paid, in the order of their first. */
  readonly #assets: string[]
  #isCopy = false
  #length = 0

  constructor(symbol: string, rows = createRows(WIDTH), assets: string[] = []) {
    this.#symbol = symbol
    this.#rows = rows
    this.#assets = assets
  }

  get length(): number {
    return this.#length
  }

  add(trade: Trade): void {
    const index = this.#length
    this.#length += 1
    if (this.#isCopy || !fits(trade.price | trade.quantity | trade.quote | trade.commission)) {
      this.#whole.set(index, trade)
      return
    }
    const rows = this.#rows
    const { amounts, numbers } = chunkFor(rows, index)
    const start = startOf(rows, index)
    amounts[start + PLACE.price] = trade.price
    amounts[start + PLACE.quantity] = trade.quantity
    amounts[start + PLACE.quote] = trade.quote
    amounts[start + PLACE.commission] = trade.commission
    numbers[start + PLACE.id] = trade.id
    numbers[start + PLACE.orderId] = trade.orderId
    numbers[start + PLACE.listId] = trade.listId
    numbers[start + PLACE.time] = trade.time
    numbers[start + PLACE.marks] =
      (this.#assetOf(trade) * ASSET) |
      (trade.isBuyer ? IS_BUYER : 0) |
      (trade.isMaker ? IS_MAKER : 0) |
      (trade.isSelfTrade ? IS_SELF_TRADE : 0)
  }

  all(): Trade[] {
    return [...this]
  }

  *[Symbol.iterator](): Generator<Trade> {
    for (let index = 0; index < this.#length; index += 1) yield this.#at(index)
  }

  /** From the one after the latest that lies before on, so that old trades are not looked at. */
  after(isBefore: (trade: Trade) => boolean): Trade[] {
    const found: Trade[] = []
    for (let index = this.#length - 1; index >= 0; index -= 1) {
      const trade = this.#at(index)
      if (isBefore(trade)) break
      found.push(trade)
    }
    return found.reverse()
  }

  /** Those of one order: so many, the first of them with this id. */
  of(orderId: number, firstId: number, count: number): Trade[] {
    const found: Trade[] = []
    if (count === 0) return found
    for (let index = this.#firstFrom(firstId); index < this.#length; index += 1) {
      if (this.#number(index, 'orderId') !== orderId) continue
      found.push(this.#at(index))
      if (found.length === count) break
    }
    return found
  }

  /** A picture of the present, to which later trades do not come. */
  copy(): TradeFile {
    const copy = new TradeFile(this.#symbol, this.#rows, this.#assets)
    copy.#isCopy = true
    copy.#length = this.#length
    for (const [index, trade] of this.#whole) copy.#whole.set(index, trade)
    return copy
  }

  /** Index of the first trade with at least this id, by halving. */
  #firstFrom(id: number): number {
    let [low, high] = [0, this.#length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#number(middle, 'id') < id) low = middle + 1
      else high = middle
    }
    return low
  }

  #number(index: number, name: 'id' | 'orderId'): number {
    const whole = this.#whole.get(index)
    if (whole !== undefined) return whole[name]
    return chunkOf(this.#rows, index)!.numbers[startOf(this.#rows, index) + PLACE[name]]!
  }

  #assetOf({ commissionAsset }: Trade): number {
    const known = this.#assets.indexOf(commissionAsset)
    return known < 0 ? this.#assets.push(commissionAsset) - 1 : known
  }

  #at(index: number): Trade {
    const whole = this.#whole.get(index)
    if (whole !== undefined) return whole
    const { amounts, numbers } = chunkOf(this.#rows, index)!
    const start = startOf(this.#rows, index)
    const marks = numbers[start + PLACE.marks]!
    return {
      symbol: this.#symbol,
      orderId: numbers[start + PLACE.orderId]!,
      listId: numbers[start + PLACE.listId]!,
      price: amounts[start + PLACE.price]!,
      quantity: amounts[start + PLACE.quantity]!,
      quote: amounts[start + PLACE.quote]!,
      commission: amounts[start + PLACE.commission]!,
      commissionAsset: this.#assets[Math.floor(marks / ASSET)]!,
      time: numbers[start + PLACE.time]!,
      isBuyer: (marks & IS_BUYER) > 0,
      isMaker: (marks & IS_MAKER) > 0,
      id: numbers[start + PLACE.id]!,
      isSelfTrade: (marks & IS_SELF_TRADE) > 0,
    }
  }
}
