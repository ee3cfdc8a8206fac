/**
 * What has been touched, each once and in the order of its first touch. Most requests touch one order
 * and two assets, and a set for each of them would cost more than the order itself.
 */
export class Touched<Item extends object | string> implements Iterable<Item> {
  #first: Item | null = null
  #second: Item | null = null
  #others: Set<Item> | null = null

  add(item: Item): void {
    if (item === this.#first || item === this.#second) return
    if (this.#first === null) this.#first = item
    else if (this.#second === null) this.#second = item
    else (this.#others ??= new Set()).add(item)
  }

  get size(): number {
    if (this.#first === null) return 0
    return this.#second === null ? 1 : 2 + (this.#others?.size ?? 0)
  }

  *[Symbol.iterator](): Generator<Item> {
    if (this.#first !== null) yield this.#first
    if (this.#second !== null) yield this.#second
    if (this.#others !== null) yield* this.#others
  }
}

export function touched<Item extends object | string>(items: Iterable<Item>): Touched<Item> {
  const all = new Touched<Item>()
  for (const item of items) all.add(item)
  return all
}

/** For lists that nearly always stay short: an array that grows from nothing takes room for many. */
export function appended<Item>(list: Item[], item: Item): Item[] {
  if (list.length === 0) return [item]
  if (list.length === 1) return [list[0]!, item]
  list.push(item)
  return list
}
