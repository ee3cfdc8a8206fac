import { hashText } from './random.ts'

/**
 * Numbers by names: a hash table with open addressing, whose entries are a name's hash and its number
 * side by side. Every new order asks whether its name is free; here that is one look into a few
 * kilobytes for each thousand live orders, where a map of strings would follow a pointer for each.
 */
export class NameTable {
  /** What a number is called, to be asked when the hashes are equal. */
  readonly #nameOf: (id: number) => string | undefined
  /** Pairs of hash and number; number 0 is nobody. */
  #entries = new Int32Array(CAPACITY_MIN * 2)
  #size = 0

  constructor(nameOf: (id: number) => string | undefined) {
    this.#nameOf = nameOf
  }

  /** 0 when nobody has this name. */
  get(name: string): number {
    const hash = mixed(name)
    const entries = this.#entries
    let place = this.#homeOf(hash)
    for (let id = entries[place + 1]!; id !== 0; id = entries[place + 1]!) {
      if (entries[place] === hash && this.#nameOf(id) === name) return id
      place = this.#after(place)
    }
    return 0
  }

  /** The name must be free. */
  set(name: string, id: number): void {
    if ((this.#size + 1) * 4 > this.#entries.length) this.#grow()
    this.#size += 1
    this.#put(mixed(name), id)
  }

  /** What this number was called. */
  delete(name: string, id: number): void {
    const entries = this.#entries
    let gap = this.#homeOf(mixed(name))
    while (entries[gap + 1] !== id) {
      if (entries[gap + 1] === 0) return
      gap = this.#after(gap)
    }
    this.#size -= 1
    // Whoever stands behind the gap moves up, unless it stands where it would be looked for first.
    for (let next = this.#after(gap); entries[next + 1] !== 0; next = this.#after(next)) {
      const home = this.#homeOf(entries[next]!)
      const isBetween = gap <= next ? gap < home && home <= next : gap < home || home <= next
      if (isBetween) continue
      entries[gap] = entries[next]!
      entries[gap + 1] = entries[next + 1]!
      gap = next
    }
    entries[gap + 1] = 0
  }

  #put(hash: number, id: number): void {
    let place = this.#homeOf(hash)
    while (this.#entries[place + 1] !== 0) place = this.#after(place)
    this.#entries[place] = hash
    this.#entries[place + 1] = id
  }

  #homeOf(hash: number): number {
    return (hash << 1) & (this.#entries.length - 1)
  }

  #after(place: number): number {
    return (place + 2) & (this.#entries.length - 1)
  }

  /** Half of the places stay free, so that few names stand away from home. */
  #grow(): void {
    const before = this.#entries
    this.#entries = new Int32Array(before.length * 2)
    for (let place = 0; place < before.length; place += 2) {
      if (before[place + 1] !== 0) this.#put(before[place]!, before[place + 1]!)
    }
  }
}

/** A power of two. */
const CAPACITY_MIN = 64

/** The low bits choose the place, so that all bits must have a say in them. */
function mixed(name: string): number {
  const text = hashText(name)
  const hash = Math.imul(text ^ (text >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
