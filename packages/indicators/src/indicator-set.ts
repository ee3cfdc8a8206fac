import { Atr } from './atr.ts'
import { Bollinger } from './bollinger.ts'
import { Ema } from './ema.ts'
import { Macd } from './macd.ts'
import { Rsi } from './rsi.ts'
import { Sma } from './sma.ts'
import { candlesToFirstValue, candlesToSettle, formatIndicator, valueNames } from './spec.ts'
import type { IndicatorSpec } from './spec.ts'

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
  readonly candlesToFirstValues: number
  readonly candlesToSettle: number
  readonly #kernels: readonly Kernel[]
  #count = 0

  constructor(specs: readonly IndicatorSpec[]) {
    const distinct = [...new Map(specs.map((spec) => [formatIndicator(spec), spec])).values()]
    this.specs = distinct
    this.names = distinct.flatMap((spec) => valueNames(spec))
    this.values = new Float64Array(this.names.length).fill(Number.NaN)
    this.candlesToFirstValues = Math.max(1, ...distinct.map(candlesToFirstValue))
    this.candlesToSettle = Math.max(1, ...distinct.map(candlesToSettle))
    let offset = 0
    this.#kernels = distinct.map((spec) => {
      const kernel = createKernel(spec, this.values, offset)
      offset += valueNames(spec).length
      return kernel
    })
  }

  /** Candles seen. */
  get count(): number {
    return this.#count
  }

  /** Every value is there. */
  get complete(): boolean {
    return this.#count >= this.candlesToFirstValues
  }

  update(high: number, low: number, close: number): void {
    this.#count += 1
    const kernels = this.#kernels
    for (let index = 0; index < kernels.length; index += 1) {
      ;(kernels[index] as Kernel)(high, low, close)
    }
  }

  /** A value by its name; NaN when it is not there yet or not part of the set. */
  get(name: string): number {
    return this.values[this.names.indexOf(name)] ?? Number.NaN
  }
}

type Kernel = (high: number, low: number, close: number) => void

function createKernel(spec: IndicatorSpec, values: Float64Array, offset: number): Kernel {
  switch (spec.kind) {
    case 'sma':
      return closeKernel(new Sma(spec.period), values, offset)
    case 'ema':
      return closeKernel(new Ema(spec.period), values, offset)
    case 'rsi':
      return closeKernel(new Rsi(spec.period), values, offset)
    case 'atr': {
      const atr = new Atr(spec.period)
      return (high, low, close) => {
        values[offset] = atr.update(high, low, close)
      }
    }
    case 'macd': {
      const macd = new Macd(spec)
      return (_high, _low, close) => {
        values[offset] = macd.update(close)
        values[offset + 1] = macd.signal
        values[offset + 2] = macd.histogram
      }
    }
    case 'bollinger': {
      const bands = new Bollinger(spec.period, spec.multiplier)
      return (_high, _low, close) => {
        values[offset] = bands.update(close)
        values[offset + 1] = bands.upper
        values[offset + 2] = bands.lower
      }
    }
  }
}

function closeKernel(
  indicator: { update(input: number): number },
  values: Float64Array,
  offset: number,
): Kernel {
  return (_high, _low, close) => {
    values[offset] = indicator.update(close)
  }
}
