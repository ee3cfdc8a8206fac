import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { candleAt, describeMarketStore, tickerAt } from '../market-store.conformance.ts'
import { openSqliteMarketStore } from './sqlite-market-store.ts'

describeMarketStore('SQLite', async () => {
  const store = openSqliteMarketStore({ file: ':memory:' })
  return { store, close: () => store.close() }
})

describe('the SQLite file', () => {
  const series = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1m' }
  let folder: string
  let file: string

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'market-store-'))
    file = path.join(folder, 'market.sqlite')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('holds what was written when it is opened again', async () => {
    const first = openSqliteMarketStore({ file })
    await first.writeCandles([candleAt(0)])
    await first.close()
    const second = openSqliteMarketStore({ file })
    expect((await second.lastCandle(series))?.openTime).toBe(candleAt(0).openTime)
    await second.close()
  })

  it('is read by one while another writes', async () => {
    const writer = openSqliteMarketStore({ file })
    const reader = openSqliteMarketStore({ file })
    await writer.writeCandles([candleAt(0)])
    expect(await reader.candles(series)).toHaveLength(1)
    await reader.close()
    await writer.close()
  })

  it('keeps tickers only as long as it was told, counted from the newest', async () => {
    const store = openSqliteMarketStore({ file, tickerRetentionMs: 1_000 })
    await store.writeTickers([
      tickerAt(10_000),
      tickerAt(10_999),
      tickerAt(5_000, { symbol: 'X/Y' }),
    ])
    await store.writeTickers([tickerAt(11_500)])
    await store.close()
    const database = new DatabaseSync(file)
    const rows = database.prepare('SELECT symbol, observed_at FROM ticker ORDER BY 1, 2').all()
    expect(rows.map((row) => Object.values(row))).toEqual([
      ['BTC/USDT', 10_999],
      ['BTC/USDT', 11_500],
      ['X/Y', 5_000],
    ])
    database.close()
  })

  it('that is locked by another delays writes, and loses none', async () => {
    const store = openSqliteMarketStore({ file })
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    // Quicker than the five seconds that it waits for a lock.
    const broken = openSqliteMarketStore({ file, lockWaitMs: 10 })
    await broken.writeCandles([candleAt(0)])
    expect(broken.health()).toMatchObject({ state: 'failing', buffered: 1, failedWrites: 1 })
    other.exec('COMMIT')
    other.close()
    expect(await broken.flush()).toMatchObject({ state: 'healthy', buffered: 0, written: 1 })
    expect(await store.candles(series)).toHaveLength(1)
    await broken.close()
    await store.close()
  })
})
