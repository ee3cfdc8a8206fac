/**
 * Our values against the reference values of Stock.Indicators (daily bars 2017-2018), which live
 * beside the project in shared/market-data and are skipped where that folder is absent.
 */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  Adx,
  Atr,
  Bollinger,
  Donchian,
  Ema,
  IndicatorSet,
  Macd,
  Obv,
  parseIndicator,
  Rsi,
  Sma,
  StandardDeviation,
  Stochastic,
  Volatility,
  Vwap,
} from './index.ts'
import type { Bar } from './index.ts'

const folder = new URL('../../../../shared/market-data/indicators/skender/', import.meta.url)
const present = existsSync(folder)
if (!present) console.log('skipped: no ../shared/market-data/indicators, indicators not compared')

const tolerance = 1e-9
/** After this many candles the seed of a MACD's fast average is forgotten to 1e-9. */
const macdSettled = 200
/** The same for the sums of an ADX, which is on a scale of 100. */
const adxSettled = 450

describe.skipIf(!present)('reference values of Stock.Indicators', () => {
  it('SMA(20) is equal at every candle', () => {
    const sma = new Sma(20)
    compare('sma', ['sma'], (bar) => [sma.update(bar.close)])
  })

  it('EMA(20) is equal at every candle', () => {
    const ema = new Ema(20)
    compare('ema', ['ema'], (bar) => [ema.update(bar.close)])
  })

  it('RSI(14) is equal at every candle', () => {
    const rsi = new Rsi(14)
    compare('rsi', ['rsi'], (bar) => [rsi.update(bar.close)])
  })

  it('ATR(14) is equal at every candle', () => {
    const atr = new Atr(14)
    compare('atr', ['atr'], (bar) => [atr.update(bar.high, bar.low, bar.close)])
  })

  it('Bollinger(20, 2) is equal at every candle', () => {
    const bands = new Bollinger(20, 2)
    compare('bb', ['sma', 'upperBand', 'lowerBand'], (bar) => {
      bands.update(bar.close)
      return [bands.middle, bands.upper, bands.lower]
    })
  })

  it('MACD(12, 26, 9) with independent seeds is equal at every candle', () => {
    const macd = new Macd({ fast: 12, slow: 26, signal: 9 }, 'independent')
    compare('macd', ['macd', 'signal', 'histogram'], (bar) => {
      macd.update(bar.close)
      return [macd.line, macd.signal, macd.histogram]
    })
  })

  it('MACD(12, 26, 9) with aligned seeds is equal after warm-up, and not before', () => {
    const macd = new Macd({ fast: 12, slow: 26, signal: 9 })
    const reference = table('macd')
    const differences = bars().map((bar, index) => {
      macd.update(bar.close)
      return Math.abs(macd.signal - value(reference[index], 'signal'))
    })
    expect(differences[33]).toBeGreaterThan(1e-3)
    expect(Math.max(...differences.slice(macdSettled))).toBeLessThan(tolerance)
  })
})

describe.skipIf(!present)('reference values of Stock.Indicators, where conventions differ', () => {
  it('ADX(14) begun as in Wilder’s book is equal at every candle', () => {
    const adx = new Adx(14, 'wilder')
    compare('adx', ['adx', 'pdi', 'mdi'], (bar) => {
      adx.update(bar.high, bar.low, bar.close)
      return [adx.adx, adx.plus, adx.minus]
    })
  })

  it('ADX(14) begun as TA-Lib does is equal after warm-up, and not before', () => {
    const adx = new Adx(14)
    const reference = table('adx')
    const differences = bars().map((bar, index) => {
      adx.update(bar.high, bar.low, bar.close)
      return Math.abs(adx.adx - value(reference[index], 'adx'))
    })
    expect(differences[27]).toBeGreaterThan(1e-3)
    expect(Math.max(...differences.slice(adxSettled))).toBeLessThan(tolerance)
  })

  it('Stochastic(14, 3, 3) is equal at every candle', () => {
    const stochastic = new Stochastic({ range: 14, smoothing: 3, signal: 3 })
    compare('stoch', ['k', 'd'], (bar) => {
      stochastic.update(bar.high, bar.low, bar.close)
      return [stochastic.k, stochastic.d]
    })
  })

  it('OBV from zero is equal at every candle, and TA-Lib’s is higher by the first volume', () => {
    const zero = new Obv('zero')
    compare('obv', ['obv'], (bar) => [zero.update(bar.close, bar.volume)])
    const [first] = bars()
    const obv = new Obv()
    compare('obv', ['obv'], (bar) => [obv.update(bar.close, bar.volume) - first!.volume])
  })

  it('VWAP since the first candle is equal at every candle', () => {
    const vwap = new Vwap('first-candle')
    compare('vwap', ['vwap'], (bar) => [
      vwap.update(bar.openTime, (bar.high + bar.low + bar.close) / 3, bar.volume),
    ])
  })

  it('Donchian(20) of the candles before is equal at every candle', () => {
    const channel = new Donchian(20, 'previous')
    compare('donchian', ['centerline', 'upperBand', 'lowerBand'], (bar) => {
      channel.update(bar.high, bar.low)
      return [channel.middle, channel.upper, channel.lower]
    })
  })

  it('Donchian(20) with the current candle is what the reference says one candle later', () => {
    const channel = new Donchian(20)
    let [middle, upper, lower] = [Number.NaN, Number.NaN, Number.NaN]
    compare('donchian', ['centerline', 'upperBand', 'lowerBand'], (bar) => {
      const before = [middle, upper, lower]
      channel.update(bar.high, bar.low)
      ;({ middle, upper, lower } = channel)
      return before
    })
  })

  it('standard deviation(14) is equal at every candle', () => {
    const deviation = new StandardDeviation(14)
    compare('stdev', ['stdDev'], (bar) => [deviation.update(bar.close)])
  })

  it('volatility(14) is that very deviation, of logarithmic returns', () => {
    const volatility = new Volatility(14)
    const deviation = new StandardDeviation(14)
    let previous = Number.NaN
    for (const { close } of bars()) {
      volatility.update(close)
      if (!Number.isNaN(previous)) deviation.update(Math.log(close) - Math.log(previous))
      previous = close
      expect(agree(volatility.value, deviation.value)).toBe(true)
    }
    expect(volatility.value).toBeGreaterThan(0.01)
  })
})

describe.skipIf(!present)('reference values of Stock.Indicators, computed by the library', () => {
  it.each([
    ['wma(14)', 'wma', 'wma'],
    ['hma(14)', 'hma', 'hma'],
    ['smma(20)', 'smma', 'smma'],
    ['kama(10)', 'kama', 'kama'],
    ['roc(14)', 'roc', 'roc'],
    ['cmo(14)', 'cmo', 'cmo'],
    ['cci(20)', 'cci', 'cci'],
    ['williams(14)', 'willr', 'williamsR'],
    ['choppiness(14)', 'chop', 'chop'],
    ['mfi(14)', 'mfi', 'mfi'],
    ['cmf(20)', 'cmf', 'cmf'],
    ['vwma(14)', 'vwma', 'vwma'],
  ])('%s is equal at every candle', (name, file, column) => {
    const set = new IndicatorSet([parseIndicator(name)])
    compare(file, [column], (bar) => {
      set.update(bar)
      return [set.get(name)]
    })
  })

  it.each([
    ['dema(14)', 'dema', 200],
    ['tema(20)', 'tema', 300],
  ] as const)('%s, which begins at the first price, is equal after warm-up', (name, file, from) => {
    const set = new IndicatorSet([parseIndicator(name)])
    const reference = table(file)
    const differences = bars().map((bar, index) => {
      set.update(bar)
      return Math.abs(set.get(name) - value(reference[index], file))
    })
    expect(Math.max(...differences.slice(from))).toBeLessThan(tolerance)
  })
})

type Row = Readonly<Record<string, string>>

function compare(file: string, columns: readonly string[], feed: (bar: Bar) => number[]): void {
  const reference = table(file)
  const series = bars()
  expect(series.length).toBe(502)
  expect(reference.length).toBe(502)
  const faults: string[] = []
  let compared = 0
  series.forEach((bar, index) => {
    const ours = feed(bar)
    columns.forEach((column, position) => {
      const expected = value(reference[index], column)
      const actual = ours[position] as number
      if (!Number.isNaN(expected)) compared += 1
      if (!agree(actual, expected)) faults.push(`${column} at ${index}: ${actual}, not ${expected}`)
    })
  })
  expect(faults).toEqual([])
  expect(compared).toBeGreaterThan(450)
}

/** NaN stands for "no value yet" and agrees with nothing else. */
function agree(actual: number, expected: number): boolean {
  if (Number.isNaN(expected)) return Number.isNaN(actual)
  return Math.abs(actual - expected) < tolerance
}

function value(row: Row | undefined, column: string): number {
  const text = row?.[column] ?? ''
  return text === '' ? Number.NaN : Number(text)
}

function bars(): Bar[] {
  return table('quotes_default').map((row, index) => ({
    openTime: index * 86_400_000,
    high: value(row, 'high'),
    low: value(row, 'low'),
    close: value(row, 'close'),
    volume: value(row, 'volume'),
  }))
}

function table(name: string): Row[] {
  const [header, ...lines] = readFileSync(new URL(`${name}.csv`, folder), 'utf8')
    .trim()
    .split('\n')
  const names = (header ?? '').split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(names.map((column, index) => [column, cells[index] ?? '']))
  })
}
