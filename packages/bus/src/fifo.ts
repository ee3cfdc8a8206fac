/** A first-in-first-out list whose ends are cheap at any length. */
export class Fifo<Item> {
  /** What was taken leaves a gap: held on to, it would live until the gaps are cut off. */
  #items: (Item | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  putBack(item: Item): void {
    if (this.#head === 0) this.#items.unshift(item)
    else this.#items[--this.#head] = item
  }

  shift(): Item | undefined {
    if (this.#head === this.#items.length) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    this.#trim()
    return item
  }

  /** Cuts off what was taken once it outweighs what is left, so that shifting stays cheap. */
  #trim(): void {
    if (this.#head < 1_024 || this.#head * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
