/**
 * The highest or lowest of the last `size` values. A value that a later one has beaten can never be
 * the extreme again and is forgotten at once, so that a candle costs the same whatever the size.
 */
export class Extreme {
  readonly #sign: 1 | -1
  readonly #size: number
  /** Ring of candidates, best first, with the number of the candle that each came with. */
  readonly #candidates: Float64Array
  readonly #born: Float64Array
  #first = 0
  #held = 0
  #count = 0

  constructor(size: number, which: 'highest' | 'lowest') {
    this.#size = size
    this.#sign = which === 'highest' ? 1 : -1
    this.#candidates = new Float64Array(size)
    this.#born = new Float64Array(size)
  }

  get full(): boolean {
    return this.#count >= this.#size
  }

  /** Of at least one value. */
  get value(): number {
    return (this.#candidates[this.#first] as number) * this.#sign
  }

  push(input: number): void {
    const value = input * this.#sign
    const size = this.#size
    const candidates = this.#candidates
    this.#count += 1
    if (this.#held > 0 && (this.#born[this.#first] as number) <= this.#count - size) {
      this.#first = this.#first + 1 === size ? 0 : this.#first + 1
      this.#held -= 1
    }
    let end = this.#first + this.#held
    if (end >= size) end -= size
    while (this.#held > 0) {
      const last = end === 0 ? size - 1 : end - 1
      if ((candidates[last] as number) > value) break
      end = last
      this.#held -= 1
    }
    candidates[end] = value
    this.#born[end] = this.#count
    this.#held += 1
  }
}
