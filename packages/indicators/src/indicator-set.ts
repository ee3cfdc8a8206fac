import type { Bar } from './bar.ts'
import { definitionOf } from './definitions.ts'
import type { Kernel } from './definition.ts'
import type { IndicatorSpec } from './spec.ts'
import { candlesToFirstValue, candlesToSettle, formatIndicator, valueNames } from './text.ts'

/**
 * The indicators of one symbol and timeframe, fed candle by candle. All values live in one array
 * that is written in place: a candle costs no allocation. The same spec named twice is kept once.
 */
export class IndicatorSet {
  /** Name of each entry of `values`. */
  readonly names: readonly string[]
  /** Each spec once, in the order of their values. */
  readonly specs: readonly IndicatorSpec[]
  /** NaN until an indicator has seen enough candles. Overwritten by the next update. */
  readonly values: Float64Array
  /** Values whose level depends on where counting began: a restart has to carry them on. */
  readonly levelNames: readonly string[]
  readonly candlesToFirstValues: number
  readonly candlesToSettle: number
  readonly #kernels: readonly Kernel[]
  #count = 0

  /** The length of a candle matters to how long what begins with the day takes to settle. */
  constructor(specs: readonly IndicatorSpec[], intervalMs = 60_000) {
    const distinct = [...new Map(specs.map((spec) => [formatIndicator(spec), spec])).values()]
    this.specs = distinct
    this.names = distinct.flatMap((spec) => valueNames(spec))
    this.values = new Float64Array(this.names.length).fill(Number.NaN)
    this.levelNames = distinct.filter(isLevel).map(formatIndicator)
    this.candlesToFirstValues = Math.max(1, ...distinct.map(candlesToFirstValue))
    this.candlesToSettle = Math.max(1, ...distinct.map((spec) => candlesToSettle(spec, intervalMs)))
    let at = 0
    this.#kernels = distinct.map((spec) => {
      const kernel = definitionOf(spec).createKernel(spec, this.values, at)
      at += valueNames(spec).length
      return kernel
    })
  }

  /** Candles seen. */
  get count(): number {
    return this.#count
  }

  /** Every value is there. */
  get complete(): boolean {
    return this.#count > 0 && !this.values.some(Number.isNaN)
  }

  update(bar: Bar): void {
    this.#count += 1
    const kernels = this.#kernels
    for (let index = 0; index < kernels.length; index += 1) (kernels[index] as Kernel)(bar)
  }

  /** A value by its name; NaN when it is not there yet or not part of the set. */
  get(name: string): number {
    return this.values[this.names.indexOf(name)] ?? Number.NaN
  }

  /** Goes on from the level that another life had after the candle that was fed last. */
  carryOn(levelName: string, level: number): void {
    if (!this.levelNames.includes(levelName)) {
      throw new RangeError(`${levelName} is no level of this set`)
    }
    this.values[this.names.indexOf(levelName)] = level
  }
}

function isLevel(spec: IndicatorSpec): boolean {
  return spec.kind === 'obv' && spec.period === undefined
}
