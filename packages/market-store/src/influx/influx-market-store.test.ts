import { Decimal } from '@flotilla/money'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { startInfluxStandIn, type InfluxStandIn } from '../influx-stand-in/stand-in.ts'
import { candleAt, describeMarketStore, tickerAt } from '../market-store.conformance.ts'
import { MarketStoreError, type MarketStore } from '../port.ts'
import { openInfluxMarketStore, type InfluxMarketStoreOptions } from './influx-market-store.ts'

const series = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1m' }
const minuteMs = 60_000

function openOn(
  server: InfluxStandIn,
  overrides: Partial<InfluxMarketStoreOptions> = {},
): MarketStore {
  const { url, token, organization, bucket } = server
  return openInfluxMarketStore({ url, token, organization, bucket, ...overrides })
}

describeMarketStore('InfluxDB', async () => {
  const server = await startInfluxStandIn()
  const store = openOn(server)
  return {
    store,
    close: async () => {
      await store.close()
      await server.close()
    },
  }
})

describe('InfluxDB market store', () => {
  let server: InfluxStandIn
  let store: MarketStore

  beforeEach(async () => {
    server = await startInfluxStandIn()
    store = openOn(server)
  })
  afterEach(async () => {
    await store.close()
    await server.close()
  })

  it('writes prices as floats for statistics and, beside them, as exact text', async () => {
    const close = Decimal.from('58000.123456789012345678')
    await store.writeCandles([candleAt(0, { close, quoteVolume: null })])
    await store.flush()
    expect(server.writes).toEqual([
      'ohlcv,symbol=BTC/USDT,timeframe=1m,venue=binance base_volume=1.5,close=58000.12345678901,' +
        'exact="100 110 90 58000.123456789012345678 1.5 - 1722859260000",high=110,low=90,open=100 ' +
        '1722859200000',
    ])
  })

  it('gathers what is written and sends it packed, without being told to', async () => {
    const quick = openOn(server, { gatherMs: 1 })
    await quick.writeCandles(Array.from({ length: 50 }, (_, index) => candleAt(index)))
    await expect.poll(() => quick.health().written, { timeout: 10_000 }).toBe(50)
    expect(server.encodings).toEqual(['gzip'])
    await quick.close()
  })

  it('reads several tables with one question for the last price', async () => {
    await store.writeCandles([candleAt(0), candleAt(3), candleAt(2, { timeframe: '5m' })])
    await store.writeTickers([tickerAt(1)])
    await store.flush()
    const before = server.queries.length
    expect(await store.lastPrice(series)).toMatchObject({ at: candleAt(4).openTime })
    expect(server.queries).toHaveLength(before + 1)
  })

  const outages = [
    { kind: 'reset' },
    { kind: 'status', status: 500, message: 'internal error' },
    { kind: 'status', status: 503, message: 'overloaded' },
    { kind: 'status', status: 429, message: 'too many writes' },
    { kind: 'status', status: 401, message: 'unauthorized access' },
    { kind: 'status', status: 404, message: 'bucket not found' },
    { kind: 'status', status: 400, message: 'some proxy did not like it' },
  ] as const
  it.each(outages)(
    'keeps writes through $kind $status, and reads fail with a typed error',
    async (fault) => {
      server.setFault(fault)
      await store.writeCandles([candleAt(0), candleAt(1)])
      expect(await store.flush()).toMatchObject({ state: 'failing', buffered: 2, dropped: 0 })
      await expect(store.candles(series)).rejects.toBeInstanceOf(MarketStoreError)
      expect((await store.check()).state).toBe('failing')
      server.setFault(null)
      expect(await store.flush()).toMatchObject({ state: 'healthy', buffered: 0, written: 2 })
      expect(await store.candles(series)).toHaveLength(2)
    },
  )

  it('comes back to health by a check when there is nothing to write', async () => {
    server.setFault({ kind: 'reset' })
    expect((await store.check()).state).toBe('failing')
    server.setFault(null)
    expect((await store.check()).state).toBe('healthy')
  })

  it('closes in good time when the server does not answer, and says what it could not write', async () => {
    const lines: unknown[] = []
    const log = (facts: object, message: string) => void lines.push([facts, message])
    const stuck = openOn(server, { logger: { info: log, warn: log } })
    server.setFault({ kind: 'hang' })
    await stuck.writeCandles([candleAt(0)])
    const before = performance.now()
    await stuck.close()
    expect(performance.now() - before).toBeLessThan(30_000)
    expect(lines).toEqual([[{ buffered: 1 }, 'market store closed with points unwritten']])
    server.setFault(null)
  })

  it('names the candles that a long outage pushed out', async () => {
    const small = openOn(server, { bufferMax: 2 })
    server.setFault({ kind: 'reset' })
    await small.writeCandles([candleAt(0), candleAt(1), candleAt(2), candleAt(3)])
    await small.flush()
    expect(small.health()).toMatchObject({ buffered: 2, dropped: 2 })
    expect(small.takeHoles()).toEqual([
      { ...series, from: candleAt(0).openTime, to: candleAt(1).openTime },
    ])
    server.setFault(null)
    await small.close()
    expect((await store.candles(series)).map((candle) => candle.openTime)).toEqual([
      candleAt(2).openTime,
      candleAt(3).openTime,
    ])
  })

  it('lets a correction win over the value that an outage held up', async () => {
    server.setFault({ kind: 'reset' })
    await store.writeCandles([candleAt(0, { close: Decimal.from(1) })])
    await store.flush()
    server.setFault(null)
    await store.writeCandles([candleAt(0, { close: Decimal.from(2) })])
    await store.flush()
    expect((await store.lastCandle(series))?.close.toString()).toBe('2')
  })

  it.each(['ends\\', 'a\tb', 'a\nb'])(
    'refuses the unwritable name %j, and writes the others',
    async (symbol) => {
      await store.writeCandles([candleAt(0), candleAt(1, { symbol })])
      expect(await store.flush()).toMatchObject({ state: 'healthy', written: 1, dropped: 1 })
      expect(await store.candles(series)).toHaveLength(1)
    },
  )

  it('drops only the point whose field the server holds as another type', async () => {
    const fresh = await startInfluxStandIn()
    const client = openOn(fresh)
    // As if another program had written text where we write figures.
    fresh.storage.write([
      {
        measurement: 'indicator',
        tags: new Map(),
        fields: new Map([['value', { type: 'string', value: 'x' }]]),
        time: 1n,
      },
    ])
    await client.writeIndicators([{ ...series, name: 'rsi(14)', at: 5, value: 50 }])
    await client.writeCandles([candleAt(0)])
    expect(await client.flush()).toMatchObject({ written: 1, dropped: 1, buffered: 0 })
    await client.close()
    await fresh.close()
  })

  it('throws when an answer ends with an error after its tables', async () => {
    await store.writeCandles([candleAt(0), candleAt(1)])
    await store.flush()
    server.setFault({ kind: 'error-row', message: 'runtime error @1:1: out of memory' })
    await expect(store.candles(series)).rejects.toThrow('out of memory')
    await expect(store.lastCandle({ ...series, symbol: 'NONE/USDT' })).rejects.toThrow(
      MarketStoreError,
    )
  })

  it('says what the server said when a query is refused', async () => {
    const wrong = openOn(server, { bucket: 'nowhere' })
    await expect(wrong.lastCandle(series)).rejects.toThrow('could not find bucket')
    await wrong.close()
  })

  it('aggregates over exactly the range that was asked', async () => {
    await store.writeCandles([0, 1, 2].map((index) => candleAt(index)))
    await store.flush()
    const from = candleAt(0).openTime
    const count = (to: number) =>
      store.aggregate({ ...series, field: 'close', function: 'count', from, to })
    expect(await count(from + minuteMs)).toBe(1)
    expect(await count(from + minuteMs + 1)).toBe(2)
  })
})
