/**
 * All that is known of each indicator, in one table: how its text is read and written, what its
 * values are called, how many candles it needs, and what computes it.
 */
import { Adx } from './adx.ts'
import { Atr } from './atr.ts'
import type { Bar } from './bar.ts'
import { Bollinger } from './bollinger.ts'
import { forgets, forgetsByWilder } from './definition.ts'
import type { Definition } from './definition.ts'
import { Donchian } from './donchian.ts'
import { Ema } from './ema.ts'
import { libraryDefinitions } from './library.ts'
import { Macd } from './macd.ts'
import { Obv, ObvChange } from './obv.ts'
import { Rsi } from './rsi.ts'
import { Sma } from './sma.ts'
import {
  adx,
  atr,
  bollinger,
  donchian,
  ema,
  macd,
  obv,
  rsi,
  sma,
  stddev,
  stochastic,
  volatility,
  vwap,
} from './spec.ts'
import type { IndicatorSpec, LibrarySpec } from './spec.ts'
import { StandardDeviation } from './standard-deviation.ts'
import { Stochastic } from './stochastic.ts'
import { Volatility } from './volatility.ts'
import { RollingVwap, Vwap } from './vwap.ts'

type OwnSpec = Exclude<IndicatorSpec, LibrarySpec>
type OwnDefinitions = {
  readonly [Kind in OwnSpec['kind']]: Definition<Extract<OwnSpec, { kind: Kind }>>
}

const one = ['value']
const dayMs = 86_400_000
/** An average of an average forgets later than the sum of its parts suggests. */
const twice = 1.2

const own: OwnDefinitions = {
  sma: {
    example: 'sma(20)',
    numbers: [1, 1],
    conventions: [],
    parts: one,
    make: ([period]) => sma(period as number),
    numbersOf: ({ period }) => [period],
    candlesToFirstValue: ({ period }) => period,
    candlesToSettle: ({ period }) => period,
    createKernel({ period }, values, at) {
      const kernel = new Sma(period)
      return (bar) => {
        values[at] = kernel.update(bar.close)
      }
    },
  },
  ema: {
    example: 'ema(12)',
    numbers: [1, 1],
    conventions: ['first-price'],
    parts: one,
    make: ([period], convention) => ema(period as number, convention as 'first-price'),
    numbersOf: ({ period }) => [period],
    candlesToFirstValue: ({ period }) => period,
    candlesToSettle: ({ period }) => period + forgets(period),
    createKernel({ period, convention }, values, at) {
      const kernel = new Ema(period, convention)
      return (bar) => {
        values[at] = kernel.update(bar.close)
      }
    },
  },
  rsi: {
    example: 'rsi(14)',
    numbers: [0, 1],
    conventions: [],
    parts: one,
    make: ([period]) => rsi(period),
    numbersOf: ({ period }) => [period],
    candlesToFirstValue: ({ period }) => period + 1,
    candlesToSettle: ({ period }) => period + 1 + forgetsByWilder(period),
    createKernel({ period }, values, at) {
      const kernel = new Rsi(period)
      return (bar) => {
        values[at] = kernel.update(bar.close)
      }
    },
  },
  macd: {
    example: 'macd(12,26,9)',
    numbers: [0, 3],
    conventions: ['independent'],
    parts: ['line', 'signal', 'histogram'],
    make: ([fast, slow, signal], convention) => {
      const spec = macd(fast, slow, signal)
      return convention === undefined ? spec : { ...spec, convention: 'independent' }
    },
    fault: ({ fast, slow }) => (fast < slow ? null : 'fast must be less than slow'),
    numbersOf: ({ fast, slow, signal }) => [fast, slow, signal],
    candlesToFirstValue: ({ slow, signal }) => slow + signal - 1,
    candlesToSettle: ({ slow, signal }) => slow + signal + forgets(slow + signal + 1),
    createKernel(spec, values, at) {
      const kernel = new Macd(spec, spec.convention)
      return (bar) => {
        values[at] = kernel.update(bar.close)
        values[at + 1] = kernel.signal
        values[at + 2] = kernel.histogram
      }
    },
  },
  bollinger: {
    example: 'bollinger(20,2)',
    numbers: [0, 2],
    conventions: ['sample'],
    parts: ['middle', 'upper', 'lower'],
    make: ([period, multiplier], convention) =>
      bollinger(period, multiplier, convention as 'sample'),
    fault: ({ period, multiplier, convention }) =>
      multiplier > 0 && multiplier <= 100
        ? sampleFault(period, convention)
        : 'the multiplier must be above 0 and at most 100',
    numbersOf: ({ period, multiplier }) => [period, multiplier],
    candlesToFirstValue: ({ period }) => period,
    candlesToSettle: ({ period }) => period,
    createKernel({ period, multiplier, convention }, values, at) {
      const kernel = new Bollinger(period, multiplier, convention)
      return (bar) => {
        values[at] = kernel.update(bar.close)
        values[at + 1] = kernel.upper
        values[at + 2] = kernel.lower
      }
    },
  },
  atr: {
    example: 'atr(14)',
    numbers: [0, 1],
    conventions: ['first-range'],
    parts: one,
    make: ([period], convention) => atr(period, convention as 'first-range'),
    numbersOf: ({ period }) => [period],
    candlesToFirstValue: ({ period, convention }) => period + (convention === undefined ? 1 : 0),
    candlesToSettle: ({ period }) => period + 1 + forgetsByWilder(period),
    createKernel({ period, convention }, values, at) {
      const kernel = new Atr(period, convention)
      return (bar) => {
        values[at] = kernel.update(bar.high, bar.low, bar.close)
      }
    },
  },
  adx: {
    example: 'adx(14)',
    numbers: [0, 1],
    conventions: ['wilder'],
    parts: ['adx', 'plus', 'minus'],
    make: ([period], convention) => adx(period, convention as 'wilder'),
    numbersOf: ({ period }) => [period],
    candlesToFirstValue: ({ period }) => 2 * period,
    candlesToSettle: ({ period }) => 2 * period + Math.ceil(twice * forgetsByWilder(period)),
    createKernel({ period, convention }, values, at) {
      const kernel = new Adx(period, convention)
      return (bar) => {
        values[at] = kernel.update(bar.high, bar.low, bar.close)
        values[at + 1] = kernel.plus
        values[at + 2] = kernel.minus
      }
    },
  },
  stochastic: {
    example: 'stochastic(14,3,3)',
    numbers: [0, 3],
    conventions: [],
    parts: ['k', 'd'],
    make: ([range, smoothing, signal]) => stochastic(range, smoothing, signal),
    numbersOf: ({ range, smoothing, signal }) => [range, smoothing, signal],
    candlesToFirstValue: ({ range, smoothing, signal }) => range + smoothing + signal - 2,
    candlesToSettle: ({ range, smoothing, signal }) => range + smoothing + signal - 2,
    createKernel(spec, values, at) {
      const kernel = new Stochastic(spec)
      return (bar) => {
        values[at] = kernel.update(bar.high, bar.low, bar.close)
        values[at + 1] = kernel.d
      }
    },
  },
  donchian: {
    example: 'donchian(20)',
    numbers: [0, 1],
    conventions: ['previous'],
    parts: ['middle', 'upper', 'lower'],
    make: ([period], convention) => donchian(period, convention as 'previous'),
    numbersOf: ({ period }) => [period],
    candlesToFirstValue: ({ period, convention }) => period + (convention === undefined ? 0 : 1),
    candlesToSettle: ({ period }) => period + 1,
    createKernel({ period, convention }, values, at) {
      const kernel = new Donchian(period, convention)
      return (bar) => {
        values[at] = kernel.update(bar.high, bar.low)
        values[at + 1] = kernel.upper
        values[at + 2] = kernel.lower
      }
    },
  },
  stddev: {
    example: 'stddev(20)',
    numbers: [0, 1],
    conventions: ['sample'],
    parts: one,
    make: ([period], convention) => stddev(period, convention as 'sample'),
    fault: ({ period, convention }) => sampleFault(period, convention),
    numbersOf: ({ period }) => [period],
    candlesToFirstValue: ({ period }) => period,
    candlesToSettle: ({ period }) => period,
    createKernel({ period, convention }, values, at) {
      const kernel = new StandardDeviation(period, convention)
      return (bar) => {
        values[at] = kernel.update(bar.close)
      }
    },
  },
  volatility: {
    example: 'volatility(20)',
    numbers: [0, 1],
    conventions: ['sample'],
    parts: one,
    make: ([period], convention) => volatility(period, convention as 'sample'),
    fault: ({ period, convention }) => sampleFault(period, convention),
    numbersOf: ({ period }) => [period],
    candlesToFirstValue: ({ period }) => period + 1,
    candlesToSettle: ({ period }) => period + 1,
    createKernel({ period, convention }, values, at) {
      const kernel = new Volatility(period, convention)
      return (bar) => {
        values[at] = kernel.update(bar.close)
      }
    },
  },
  obv: {
    example: 'obv or obv(20)',
    numbers: [0, 1],
    conventions: ['zero'],
    parts: one,
    make: ([period], convention) => obv(period, convention as 'zero'),
    fault: ({ period, convention }) =>
      period === undefined || convention === undefined ? null : 'a change has no beginning',
    numbersOf: ({ period }) => (period === undefined ? [] : [period]),
    candlesToFirstValue: ({ period }) => (period === undefined ? 1 : period + 1),
    // A level never settles: it is carried on by who restarts.
    candlesToSettle: ({ period }) => (period === undefined ? 1 : period + 1),
    createKernel({ period, convention }, values, at) {
      if (period === undefined) {
        const level = new Obv(convention)
        return (bar) => {
          // The level lives in the array, where a restart has put the former one.
          level.value = values[at] as number
          values[at] = level.update(bar.close, bar.volume)
        }
      }
      const change = new ObvChange(period)
      return (bar) => {
        values[at] = change.update(bar.close, bar.volume)
      }
    },
  },
  vwap: {
    example: 'vwap or vwap(20)',
    numbers: [0, 1],
    conventions: [],
    parts: one,
    make: ([period]) => vwap(period),
    numbersOf: ({ period }) => (period === undefined ? [] : [period]),
    candlesToFirstValue: ({ period }) => period ?? 1,
    // A day of candles holds a midnight.
    candlesToSettle: ({ period }, intervalMs) => period ?? Math.ceil(dayMs / intervalMs),
    createKernel({ period }, values, at) {
      const typical = ({ high, low, close }: Bar): number => (high + low + close) / 3
      if (period === undefined) {
        const session = new Vwap()
        return (bar) => {
          values[at] = session.update(bar.openTime, typical(bar), bar.volume)
        }
      }
      const rolling = new RollingVwap(period)
      return (bar) => {
        values[at] = rolling.update(typical(bar), bar.volume)
      }
    },
  },
}

const definitions: Readonly<Record<IndicatorSpec['kind'], Definition<IndicatorSpec>>> = {
  ...own,
  ...libraryDefinitions,
}

function sampleFault(period: number, convention: string | undefined): string | null {
  return convention === 'sample' && period < 2 ? 'a sample needs a period of 2 or more' : null
}

export function definitionOf(spec: IndicatorSpec): Definition<IndicatorSpec> {
  return definitions[spec.kind]
}

export function definitionNamed(kind: string): Definition<IndicatorSpec> | undefined {
  return Object.hasOwn(definitions, kind) ? definitions[kind as IndicatorSpec['kind']] : undefined
}

export const kinds: readonly string[] = Object.keys(definitions)
export const examples: readonly string[] = Object.values(definitions).map((each) => each.example)
