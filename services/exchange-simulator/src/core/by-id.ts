/**
 * Things that are there for a while, by ids that count up. Those of about the same time lie beside each
 * other, so that it costs the same to find a new one among ten as among a hundred thousand; in a hash
 * map each would be a walk through cold memory.
 */
export class ById<Item extends object> {
  readonly #chunks: (Chunk<Item> | null)[] = []
  #spare: Chunk<Item> | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id: number): Item | undefined {
    return this.#chunks[id >> CHUNK_BITS]?.items[id & LAST] ?? undefined
  }

  set(id: number, item: Item): void {
    const chunk = this.#chunkFor(id >> CHUNK_BITS)
    if (chunk.items[id & LAST] === null) {
      chunk.size += 1
      this.#size += 1
    }
    chunk.items[id & LAST] = item
  }

  /** Whether it was there. */
  delete(id: number): boolean {
    const index = id >> CHUNK_BITS
    const chunk = this.#chunks[index] ?? null
    if (chunk === null || chunk.items[id & LAST] === null) return false
    chunk.items[id & LAST] = null
    chunk.size -= 1
    this.#size -= 1
    // The newest is kept, since the next ones belong there.
    if (index < this.#chunks.length - 1) this.#drop(index)
    return true
  }

  /** In the order of their ids. */
  *values(): Generator<Item> {
    for (const chunk of this.#chunks) {
      if (chunk === null || chunk.size === 0) continue
      for (const item of chunk.items) if (item !== null) yield item
    }
  }

  #chunkFor(index: number): Chunk<Item> {
    const chunks = this.#chunks
    const known = chunks[index] ?? null
    if (known !== null) return known
    while (chunks.length <= index) {
      this.#drop(chunks.length - 1)
      chunks.push(null)
    }
    const chunk = this.#spare ?? { items: [...NOBODY], size: 0 }
    this.#spare = null
    chunks[index] = chunk
    return chunk
  }

  /** A chunk in which nothing is left serves again. */
  #drop(index: number): void {
    const chunk = this.#chunks[index] ?? null
    if (chunk === null || chunk.size > 0) return
    this.#chunks[index] = null
    this.#spare = chunk
  }
}

type Chunk<Item> = { readonly items: (Item | null)[]; size: number }

const CHUNK_BITS = 8
const LAST = (1 << CHUNK_BITS) - 1
const NOBODY: readonly null[] = Array.from({ length: LAST + 1 }, () => null)
