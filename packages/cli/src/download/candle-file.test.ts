import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decimal } from '@flotilla/money'
import type { VenueCandle } from '@flotilla/venue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CandleFile, header } from './candle-file.ts'
import { gapReport, progressText } from './report.ts'

const minute = 60_000
const epoch = 1_767_571_200_000
const at = (index: number): number => epoch + index * minute

function candle(index: number): VenueCandle {
  const [open, high, low, close] = ['100.10', '101', '0.00000012', '100.5'].map((text) =>
    Decimal.from(text),
  )
  const prices = { open: open!, high: high!, low: low!, close: close! }
  const volumes = { baseVolume: Decimal.from('1.50'), quoteVolume: Decimal.from(1) }
  const times = { openTime: at(index), closeTime: at(index + 1) }
  return { symbol: 'BTC/USDT', timeframe: '1m', ...times, ...prices, ...volumes, closed: true }
}

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-download-'))
  path = join(folder, 'new', 'file.csv')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const row = (index: number): string => `${at(index)},100.1,101,0.00000012,100.5,1.5\n`

async function contents(intervalMs = minute) {
  const file = new CandleFile(path)
  try {
    return await file.contents(intervalMs)
  } finally {
    file.close()
  }
}

function write(...indexes: readonly number[]): void {
  const file = new CandleFile(path)
  file.append(indexes.map(candle))
  file.close()
}

describe('a file of candles', () => {
  it('holds exact decimals under the header that the simulator reads', () => {
    write(0, 1)
    expect(readFileSync(path, 'utf8')).toBe(`${header}\n${row(0)}${row(1)}`)
  })

  it('goes on at its end', async () => {
    write(0, 1)
    write(2)
    expect(readFileSync(path, 'utf8')).toBe(`${header}\n${row(0)}${row(1)}${row(2)}`)
    expect(await contents()).toEqual({ rows: 3, first: at(0), last: at(2), gaps: [] })
  })

  it.each([0, 1, 5, 13, 20, row(1).length - 1])(
    'loses a line that was torn after %i characters, and no other',
    async (length) => {
      write(0)
      appendFileSync(path, row(1).slice(0, length))
      write(1, 2)
      expect(readFileSync(path, 'utf8')).toBe(`${header}\n${row(0)}${row(1)}${row(2)}`)
    },
  )

  it('begins anew when even the header was torn', () => {
    write()
    writeFileSync(path, 'timestamp_ms,op')
    write(0)
    expect(readFileSync(path, 'utf8')).toBe(`${header}\n${row(0)}`)
  })

  it('tells its gaps', async () => {
    write(0, 1, 4, 5, 9)
    expect((await contents()).gaps).toEqual([
      { from: at(2), to: at(4) },
      { from: at(6), to: at(9) },
    ])
  })

  it.each([
    ['another header', `time,open\n${row(0)}`, /line 1: the header is not timestamp_ms/],
    ['a row out of order', `${header}\n${row(3)}${row(2)}`, /line 3: not later/],
    ['a row that is there twice', `${header}\n${row(3)}${row(3)}`, /line 3: not later/],
    ['a row without a time', `${header}\nhello,1\n`, /line 2: no time/],
  ])('is refused with %s', async (_what, text, message) => {
    write()
    writeFileSync(path, text)
    await expect(contents()).rejects.toThrow(message)
  })

  it('is refused for another timeframe', async () => {
    write(1)
    await expect(contents(3_600_000)).rejects.toThrow(/line 2: candles of another length/)
  })
})

describe('what is told', () => {
  const range = {
    symbol: 'BTC/USDT',
    timeframe: '1m',
    intervalMs: minute,
    from: at(0),
    to: at(100),
  }

  it('the gaps, and where the venue begins', () => {
    const gaps = [
      { from: at(12), to: at(13) },
      { from: at(20), to: at(50) },
    ]
    expect(gapReport({ rows: 59, first: at(10), last: at(99), gaps }, range)).toEqual([
      '59 candles from 2026-01-05T00:10Z to 2026-01-05T01:39Z',
      "the venue's first candle is 2026-01-05T00:10Z",
      '2 gaps, 31 candles missing:',
      '  2026-01-05T00:12Z to 2026-01-05T00:12Z: 1 candle',
      '  2026-01-05T00:20Z to 2026-01-05T00:49Z: 30 candles',
    ])
  })

  it('that there are none', () => {
    const whole = { rows: 100, first: at(0), last: at(99), gaps: [] }
    expect(gapReport(whole, range).at(-1)).toBe('no gaps')
    expect(gapReport({ rows: 0, first: null, last: null, gaps: [] }, range)).toEqual([
      'the venue has no candles in this range',
    ])
  })

  it('how far it is', () => {
    expect(progressText(at(50), range)).toBe(
      `[${'#'.repeat(15)}${'-'.repeat(15)}]  50 %  2026-01-05T00:50Z`,
    )
  })
})
