import { mix } from './random.ts'

/** `next` belongs to the table. */
type Priced<Item> = { readonly price: bigint; next: Item | null }

/**
 * Things by their prices, each price once. A map of bigints asks for the hash of each outside of compiled
 * code, and is laid out anew again and again where the same few prices come and go, as they do in a book.
 */
export class ByPrice<Item extends Priced<Item>> {
  /** The first of those with the same low bits of their hashes; the others hang on it. */
  #heads = empty<Item>(CAPACITY_MIN)
  #size = 0

  get(price: bigint): Item | null {
    let item: Item | null = this.#heads[this.#homeOf(price)]!
    while (item !== null && item.price !== price) item = item.next
    return item
  }

  /** Nothing else may be there at its price. */
  add(item: Item): void {
    if (this.#size === this.#heads.length) this.#grow()
    this.#size += 1
    this.#put(item)
  }

  /** It must be there. */
  delete(item: Item): void {
    const home = this.#homeOf(item.price)
    let before: Item | null = null
    for (let at: Item | null = this.#heads[home]!; at !== null && at !== item; at = at.next)
      before = at
    if (before === null) this.#heads[home] = item.next
    else before.next = item.next
    item.next = null
    this.#size -= 1
  }

  #put(item: Item): void {
    const home = this.#homeOf(item.price)
    item.next = this.#heads[home]!
    this.#heads[home] = item
  }

  #homeOf(price: bigint): number {
    // Of an amount without room its low 64 bits are written, which is enough to find it by.
    amount[0] = price
    return mix(halves[0]!, halves[1]!) & (this.#heads.length - 1)
  }

  #grow(): void {
    const before = this.#heads
    this.#heads = empty(before.length * 2)
    for (let item of before) {
      while (item !== null) {
        const { next } = item
        this.#put(item)
        item = next
      }
    }
  }
}

/** A power of two. */
const CAPACITY_MIN = 64

function empty<Item>(length: number): (Item | null)[] {
  return Array.from({ length }, () => null)
}

/** The same eight bytes by two names. */
const amount = new BigInt64Array(1)
const halves = new Int32Array(amount.buffer)
