import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Decimal } from '@flotilla/money'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { header } from './candle-file.ts'
import { convertCandles, withCandleFile } from './files.ts'

const minute = 60_000
const epoch = 1_767_571_200_000

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-candles-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)

it('any figures come back from Parquet to the last digit', async () => {
  const digits = fc.bigInt({ min: 0n, max: 10n ** 20n - 1n })
  const amount = fc
    .tuple(digits, fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }))
    .map(([whole, part]) => Decimal.from(`${whole}.${String(part).padStart(18, '0')}`).toString())
  const row = fc.tuple(amount, amount, amount, amount, amount)
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (rows) => {
      const lines = rows.map((cells, index) => [epoch + index * minute, ...cells].join(','))
      const text = [header, ...lines].join('\n')
      writeFileSync(at('a.csv'), `${text}\n`)
      await convertCandles(at('a.csv'), at('a.parquet'))
      await convertCandles(at('a.parquet'), at('b.csv'))
      expect(readFileSync(at('b.csv'), 'utf8')).toBe(`${text}\n`)
    }),
    { numRuns: 25, seed: propertySeed },
  )
})

it('a Parquet file says by itself what its columns are', async () => {
  writeFileSync(at('a.csv'), `${header}\n${epoch},1,2,0.5,1.5,3\n`)
  await convertCandles(at('a.csv'), at('a.parquet'))
  const bytes = readFileSync(at('a.parquet'))
  expect(bytes.subarray(0, 4).toString()).toBe('PAR1')
  expect(bytes.subarray(-4).toString()).toBe('PAR1')
  for (const name of ['timestamp', 'open', 'high', 'low', 'close', 'volume']) {
    expect(bytes.includes(name)).toBe(true)
  }
})

it('a gzipped recording can be read', async () => {
  const text = `${header}\n${epoch},1,2,0.5,1.5,3\n`
  writeFileSync(at('a.csv.gz'), gzipSync(text))
  await convertCandles(at('a.csv.gz'), at('b.csv'))
  expect(readFileSync(at('b.csv'), 'utf8')).toBe(text)
})

it('a stop leaves what came so far, and the old Parquet file whole', async () => {
  writeFileSync(at('a.csv'), `${header}\n${epoch},1,2,0.5,1.5,3\n`)
  await convertCandles(at('a.csv'), at('a.parquet'))
  const old = readFileSync(at('a.parquet'))
  const price = Decimal.from(7)
  const times = { openTime: epoch + minute, closeTime: epoch + 2 * minute }
  const prices = { open: price, high: price, low: price, close: price }
  const more = { ...times, ...prices, baseVolume: price, quoteVolume: price, closed: true }
  const stopped = withCandleFile(at('a.parquet'), async (file) => {
    file.append([{ symbol: 'BTC/USDT', timeframe: '1m', ...more }])
    throw new Error('stopped')
  })
  await expect(stopped).rejects.toThrow('stopped')
  expect(readFileSync(at('a.parquet')).equals(old)).toBe(true)
  const rows = await withCandleFile(at('a.parquet'), async (file) => {
    return (await file.contents(minute)).rows
  })
  expect(rows).toBe(2)
  expect(existsSync(at('a.parquet.csv'))).toBe(false)
})

it.each([
  [
    'a figure that is too fine',
    `${header}\n${epoch},1,2,0.5,0.0000000000000000001,3\n`,
    /18 behind/,
  ],
  ['another header', `time,open\n${epoch},1\n`, /the header is not timestamp_ms/],
])('%s is refused, and nothing is left in its place', async (_what, text, message) => {
  writeFileSync(at('a.csv'), text)
  await expect(convertCandles(at('a.csv'), at('a.parquet'))).rejects.toThrow(message)
  expect(existsSync(at('a.parquet'))).toBe(false)
})
