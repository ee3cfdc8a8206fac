/**
 * Our values against TA-Lib's at every candle, the first included. The table holds a made-up market,
 * with candles that close where the one before did, and what TA-Lib 0.8.1 computes of it.
 */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { IndicatorSet, parseIndicator } from './index.ts'

/** The table has twelve digits. */
const tolerance = 1e-9
/** TA-Lib withholds these until the last of their values is there. */
const shownEarlier = ['macd(4,9,3).line', 'stochastic(6,4,3).k']

const [header, ...lines] = readFileSync(new URL('ta-lib.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const names = (header ?? '').split(';').slice(4)
const rows = lines.map((line) =>
  line.split(';').map((cell) => (cell === '' ? Number.NaN : Number(cell))),
)
const specs = names.map((name) => parseIndicator(name.replace(/\.[a-z]+$/, '')))
const set = new IndicatorSet(specs)
const ours = rows.map(([high, low, close, volume], index) => {
  set.update({
    openTime: index * 60_000,
    high: high as number,
    low: low as number,
    close: close as number,
    volume: volume as number,
  })
  return names.map((name) => set.get(name))
})

it.each(names.map((name, column) => [name, column] as const))(
  '%s is what TA-Lib says, from the first candle on',
  (name, column) => {
    const faults: string[] = []
    let compared = 0
    rows.forEach((row, index) => {
      const expected = row[column + 4] as number
      const actual = ours[index]![column] as number
      if (Number.isNaN(expected)) {
        if (!Number.isNaN(actual) && !shownEarlier.includes(name)) faults.push(`early at ${index}`)
        return
      }
      compared += 1
      const scale = Math.max(1, Math.abs(expected))
      if (Math.abs(actual - expected) < tolerance * scale) return
      faults.push(`at ${index}: ${actual}, not ${expected}`)
    })
    expect(faults).toEqual([])
    expect(compared).toBeGreaterThan(60)
  },
)
