/**
 * The last `size` values, oldest overwritten first. Sums are taken over the window anew each time,
 * always in the same order from the oldest on: a running sum is faster but drifts, and its value would depend on when the
 * agent was started. This way a restart gives the same digits.
 */
export class Window {
  readonly #size: number
  /** Every value stands twice, `size` places apart, so that the window always lies in one piece. */
  readonly #values: Float64Array
  #next = 0
  #filled = 0

  constructor(size: number) {
    this.#size = size
    this.#values = new Float64Array(2 * size)
  }

  push(value: number): void {
    const size = this.#size
    const next = this.#next
    this.#values[next] = value
    this.#values[next + size] = value
    this.#next = next + 1 === size ? 0 : next + 1
    if (this.#filled < size) this.#filled += 1
  }

  get full(): boolean {
    return this.#filled === this.#size
  }

  /** Of a full window. */
  sum(): number {
    const values = this.#values
    const end = this.#next + this.#size
    let index = this.#next
    // Four sums side by side: each addition would have to wait for the one before.
    let first = 0
    let second = 0
    let third = 0
    let fourth = 0
    for (; index + 3 < end; index += 4) {
      first += values[index] as number
      second += values[index + 1] as number
      third += values[index + 2] as number
      fourth += values[index + 3] as number
    }
    for (; index < end; index += 1) first += values[index] as number
    return first + second + (third + fourth)
  }

  /** Of a full window. */
  mean(): number {
    return this.sum() / this.#size
  }

  /** Of a full window, about its mean; divided by the count, or as a `sample` by the count less one. */
  variance(mean: number, basis: 'population' | 'sample' = 'population'): number {
    const values = this.#values
    const end = this.#next + this.#size
    let index = this.#next
    let first = 0
    let second = 0
    let third = 0
    let fourth = 0
    for (; index + 3 < end; index += 4) {
      const deviation1 = (values[index] as number) - mean
      const deviation2 = (values[index + 1] as number) - mean
      const deviation3 = (values[index + 2] as number) - mean
      const deviation4 = (values[index + 3] as number) - mean
      first += deviation1 * deviation1
      second += deviation2 * deviation2
      third += deviation3 * deviation3
      fourth += deviation4 * deviation4
    }
    for (; index < end; index += 1) first += ((values[index] as number) - mean) ** 2
    const sum = first + second + (third + fourth)
    return sum / (basis === 'sample' ? this.#size - 1 : this.#size)
  }
}
