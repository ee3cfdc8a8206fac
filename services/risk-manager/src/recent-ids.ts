/**
 * The newest ids: as many as are asked for, and at most that many again. The older half is forgotten as a
 * whole, because to take single ids out of a large set makes looking for the oldest ever slower.
 */
export class RecentIds {
  readonly #count: number
  #newer = new Set<string>()
  #older = new Set<string>()

  constructor(count: number) {
    this.#count = count
  }

  has(id: string): boolean {
    return this.#newer.has(id) || this.#older.has(id)
  }

  add(id: string): void {
    this.#newer.add(id)
    if (this.#newer.size < this.#count) return
    this.#older = this.#newer
    this.#newer = new Set()
  }
}
