// What every market store must do. Run against SQLite and, over HTTP, against the InfluxDB adapter.
import { Decimal } from '@flotilla/money'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { AggregateFunction, MarketStore, StoredCandle, StoredTicker } from './port.ts'

export type OpenMarketStore = () => Promise<{
  readonly store: MarketStore
  readonly close: () => Promise<void>
}>

const minuteMs = 60_000
const noon = Date.UTC(2024, 7, 5, 12)
const series = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1m' }

export function candleAt(index: number, overrides: Partial<StoredCandle> = {}): StoredCandle {
  const openTime = noon + index * minuteMs
  return {
    ...series,
    openTime,
    closeTime: openTime + minuteMs,
    open: Decimal.from(100 + index),
    high: Decimal.from(110 + index),
    low: Decimal.from(90 + index),
    close: Decimal.from(105 + index),
    baseVolume: Decimal.from('1.5'),
    quoteVolume: Decimal.from('157.5'),
    ...overrides,
  }
}

export function tickerAt(observedAt: number, overrides: Partial<StoredTicker> = {}): StoredTicker {
  return {
    venue: 'binance',
    symbol: 'BTC/USDT',
    observedAt,
    last: Decimal.from('58000.1'),
    bid: Decimal.from('58000'),
    ask: Decimal.from('58000.2'),
    quoteVolume24h: Decimal.from('343824592.8'),
    ...overrides,
  }
}

export function describeMarketStore(name: string, open: OpenMarketStore): void {
  describe(`market store: ${name}`, () => {
    let store: MarketStore
    let close: () => Promise<void>

    beforeEach(async () => {
      ;({ store, close } = await open())
    })
    afterEach(() => close())

    async function stored(candles: readonly StoredCandle[]): Promise<void> {
      await store.writeCandles(candles)
      await store.flush()
    }

    /** As text, which is how differences of decimals are best seen. */
    function plain(value: unknown): unknown {
      return JSON.parse(JSON.stringify(value))
    }

    describe('candles', () => {
      it('come back exactly, digit by digit', async () => {
        const precise = candleAt(0, {
          open: Decimal.from('0.1'),
          high: Decimal.from('123456789012345678.123456789012345678'),
          low: Decimal.from('0.000000000000000001'),
          close: Decimal.from('58000.00000001'),
          baseVolume: Decimal.from('9007199254740993'),
          quoteVolume: Decimal.from('0.30000000000000004'),
        })
        await stored([precise])
        expect(plain(await store.lastCandle(series))).toEqual(plain(precise))
      })

      it('may lack a volume in quote currency', async () => {
        await stored([candleAt(0, { quoteVolume: null })])
        expect((await store.lastCandle(series))?.quoteVolume).toBeNull()
      })

      it('come oldest first, from the first moment and up to the last, which is left out', async () => {
        await stored([candleAt(2), candleAt(0), candleAt(3), candleAt(1)])
        const times = async (range: { from?: number; to?: number; limit?: number }) =>
          (await store.candles({ ...series, ...range })).map(
            (candle) => (candle.openTime - noon) / minuteMs,
          )
        expect(await times({})).toEqual([0, 1, 2, 3])
        expect(await times({ from: noon + minuteMs, to: noon + 3 * minuteMs })).toEqual([1, 2])
        expect(await times({ limit: 2 })).toEqual([2, 3])
        expect(await times({ to: noon + 3 * minuteMs, limit: 2 })).toEqual([1, 2])
        expect(await times({ from: noon + 9 * minuteMs })).toEqual([])
      })

      it('are replaced by a later correction', async () => {
        await stored([candleAt(0), candleAt(1)])
        await stored([candleAt(0, { close: Decimal.from('77.7'), quoteVolume: Decimal.from('1') })])
        const candles = await store.candles(series)
        expect(candles.map((candle) => candle.close.toString())).toEqual(['77.7', '106'])
        expect(candles[0]?.quoteVolume?.toString()).toBe('1')
      })

      it('of other venues, symbols and timeframes stay apart', async () => {
        const others = [
          candleAt(1, { venue: 'simulator' }),
          candleAt(1, { symbol: 'ETH/USDT' }),
          candleAt(1, { timeframe: '5m' }),
        ]
        await stored([candleAt(0), ...others])
        expect(plain(await store.candles(series))).toEqual(plain([candleAt(0)]))
        expect(await store.lastCandle({ ...series, venue: 'nobody' })).toBeNull()
      })

      it('ahead of the wall clock are found: market time may run faster', async () => {
        const openTime = Date.UTC(2091, 0, 1)
        const future = candleAt(0, { openTime, closeTime: openTime + minuteMs })
        await stored([future])
        expect((await store.lastCandle(series))?.openTime).toBe(openTime)
        expect(await store.candles(series)).toHaveLength(1)
      })

      it('are kept under names that try to break out', async () => {
        const names = [
          'a"b',
          'a\\b',
          'a\\"b',
          'a,b=c d',
          '${venue}',
          'a") |> drop() //',
          'é ü 漢字',
          "a'b",
          '/*',
          '=',
          ',',
        ]
        const awkward = names.map((symbol, index) =>
          candleAt(index, { symbol, venue: `v ${symbol}` }),
        )
        await stored(awkward)
        for (const candle of awkward) {
          const { venue, symbol, timeframe } = candle
          expect(plain(await store.candles({ venue, symbol, timeframe }))).toEqual(plain([candle]))
        }
        expect(store.health()).toMatchObject({ dropped: 0, buffered: 0 })
      })
    })

    describe('the last price', () => {
      const market = { venue: 'binance', symbol: 'BTC/USDT' }

      it('is null while nothing is known', async () => {
        expect(await store.lastPrice(market)).toBeNull()
      })

      it('is the newer of the newest ticker and the newest close', async () => {
        await stored([candleAt(0), candleAt(1, { timeframe: '5m' })])
        expect(plain(await store.lastPrice(market))).toEqual({
          price: '106',
          at: noon + 2 * minuteMs,
          source: 'candle',
        })
        const at = noon + 2 * minuteMs + 1
        await store.writeTickers([tickerAt(at), tickerAt(at - 500)])
        await store.flush()
        expect(plain(await store.lastPrice(market))).toEqual({
          price: '58000.1',
          at,
          source: 'ticker',
        })
        await stored([candleAt(5)])
        expect(plain(await store.lastPrice(market))).toMatchObject({
          price: '110',
          source: 'candle',
        })
      })

      it('is exact, and does not need a bid, an ask or a volume', async () => {
        const last = Decimal.from('0.123456789012345678')
        await store.writeTickers([
          tickerAt(noon, { last, bid: null, ask: null, quoteVolume24h: null }),
        ])
        await store.flush()
        expect((await store.lastPrice(market))?.price.toString()).toBe('0.123456789012345678')
      })
    })

    describe('indicator values', () => {
      const indicator = { ...series, name: 'macd(12,26,9).signal' }

      it('come back bit by bit, the newest alone or a range', async () => {
        const values = [0.1 + 0.2, -1e-300, 1.7976931348623157e308, 0, 42]
        const rows = values.map((value, index) => ({
          ...indicator,
          at: noon + index * minuteMs,
          value,
        }))
        await store.writeIndicators(rows)
        await store.flush()
        expect(await store.indicators(indicator)).toEqual(rows)
        expect(await store.lastIndicator(indicator)).toEqual(rows.at(-1))
        expect(await store.indicators({ ...indicator, from: noon + minuteMs, limit: 2 })).toEqual(
          rows.slice(-2),
        )
      })

      it('are null where there is none', async () => {
        expect(await store.lastIndicator({ ...indicator, name: 'rsi(14)' })).toBeNull()
      })

      it('that are no number are refused and counted, and hold nothing up', async () => {
        const at = noon
        await store.writeIndicators([
          { ...indicator, at, value: Number.NaN },
          { ...indicator, at: at + 1, value: 7 },
          { ...indicator, at: at + 2, value: Number.POSITIVE_INFINITY },
        ])
        await store.flush()
        expect((await store.indicators(indicator)).map((row) => row.value)).toEqual([7])
        expect(store.health()).toMatchObject({ dropped: 2, buffered: 0, written: 1 })
      })
    })

    describe('equity', () => {
      it('comes back exactly, per account', async () => {
        const rows = ['84.54', '84.540000000000000001', '16.91'].map((equity, index) => ({
          account: 'main',
          at: noon + index,
          equity: Decimal.from(equity),
        }))
        await store.writeEquity([...rows, { ...rows[0]!, account: 'other' }])
        await store.flush()
        expect(plain(await store.equity({ account: 'main' }))).toEqual(plain(rows))
        expect(await store.equity({ account: 'main', from: noon + 1, to: noon + 2 })).toHaveLength(
          1,
        )
      })
    })

    describe('aggregates', () => {
      const range = { from: noon, to: noon + 3 * minuteMs }
      const figures: readonly (readonly [AggregateFunction, number])[] = [
        ['count', 3],
        ['sum', 318],
        ['mean', 106],
        ['min', 105],
        ['max', 107],
        ['first', 105],
        ['last', 107],
      ]

      it.each(figures)('%s of the closes in a range', async (aggregate, expected) => {
        await stored([0, 1, 2, 3].map((index) => candleAt(index)))
        const request = { ...series, ...range, field: 'close', function: aggregate } as const
        expect(await store.aggregate(request)).toBe(expected)
      })

      it.each(figures)('%s is null where there are no candles', async (aggregate) => {
        const request = { ...series, ...range, field: 'close', function: aggregate } as const
        expect(await store.aggregate(request)).toBeNull()
      })

      it('take every field of a candle', async () => {
        await stored([candleAt(0)])
        const mean = (field: 'open' | 'high' | 'low' | 'base_volume' | 'quote_volume') =>
          store.aggregate({ ...series, ...range, field, function: 'mean' })
        expect(await mean('open')).toBe(100)
        expect(await mean('high')).toBe(110)
        expect(await mean('low')).toBe(90)
        expect(await mean('base_volume')).toBe(1.5)
        expect(await mean('quote_volume')).toBe(157.5)
      })
    })

    describe('health', () => {
      it('counts what was written', async () => {
        await stored([candleAt(0), candleAt(1)])
        expect(await store.check()).toEqual({
          state: 'healthy',
          written: 2,
          buffered: 0,
          dropped: 0,
          failedWrites: 0,
          lastError: null,
        })
        expect(store.takeHoles()).toEqual([])
      })

      it('takes many at once', async () => {
        await stored(Array.from({ length: 2_500 }, (_, index) => candleAt(index)))
        expect(store.health()).toMatchObject({ written: 2_500, buffered: 0 })
        expect(await store.candles({ ...series, limit: 2_000 })).toHaveLength(2_000)
      })

      it('writes what waits before it closes, and closes once', async () => {
        await store.writeCandles([candleAt(0)])
        await store.close()
        await store.close()
        expect(store.health()).toMatchObject({ written: 1, buffered: 0 })
      })
    })
  })
}
