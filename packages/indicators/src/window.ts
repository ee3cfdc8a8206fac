/**
 * The last `size` values, oldest overwritten first. Sums are taken over the window anew each time,
 * oldest value first: a running sum is faster but drifts, and its value would depend on when the
 * agent was started. This way a restart gives the same digits.
 */
export class Window {
  readonly #values: Float64Array
  #next = 0
  #filled = 0

  constructor(size: number) {
    this.#values = new Float64Array(size)
  }

  push(value: number): void {
    const values = this.#values
    values[this.#next] = value
    this.#next = this.#next + 1 === values.length ? 0 : this.#next + 1
    if (this.#filled < values.length) this.#filled += 1
  }

  get full(): boolean {
    return this.#filled === this.#values.length
  }

  /** Of a full window. */
  sum(): number {
    const values = this.#values
    const next = this.#next
    let sum = 0
    for (let index = next; index < values.length; index += 1) sum += values[index] as number
    for (let index = 0; index < next; index += 1) sum += values[index] as number
    return sum
  }

  /** Of a full window. */
  mean(): number {
    return this.sum() / this.#values.length
  }

  /** Of a full window, about its mean; divided by the count, or as a `sample` by the count less one. */
  variance(mean: number, basis: 'population' | 'sample' = 'population'): number {
    const values = this.#values
    const next = this.#next
    let sum = 0
    for (let index = next; index < values.length; index += 1) {
      const deviation = (values[index] as number) - mean
      sum += deviation * deviation
    }
    for (let index = 0; index < next; index += 1) {
      const deviation = (values[index] as number) - mean
      sum += deviation * deviation
    }
    return sum / (basis === 'sample' ? values.length - 1 : values.length)
  }
}
