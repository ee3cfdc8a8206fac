import { Decimal } from '@flotilla/money'
import { VenueError } from '@flotilla/venue'
import type { CandleRequest, VenueCandle } from '@flotilla/venue'
import { expect, it } from 'vitest'
import { downloadCandles } from './download-candles.ts'

const minute = 60_000
const epoch = 1_767_571_200_000
const range = {
  symbol: 'BTC/USDT',
  timeframe: '1m',
  intervalMs: minute,
  from: epoch,
  to: epoch + 2_500 * minute,
}

function candle(index: number, closed = true): VenueCandle {
  const price = Decimal.from(100 + index)
  const openTime = epoch + index * minute
  const prices = { open: price, high: price, low: price, close: price }
  const volumes = { baseVolume: price, quoteVolume: price }
  const times = { openTime, closeTime: openTime + minute }
  return { symbol: 'BTC/USDT', timeframe: '1m', ...times, ...prices, ...volumes, closed }
}

const market = Array.from({ length: 3_000 }, (_, index) => candle(index))

class Desk {
  readonly asked: CandleRequest[] = []
  readonly got: number[] = []
  readonly waits: number[] = []
  answer = (request: CandleRequest): readonly VenueCandle[] =>
    market.filter(({ openTime }) => openTime >= (request.since ?? 0)).slice(0, request.limit)

  run(): Promise<void> {
    return downloadCandles(range, {
      venue: {
        fetchCandles: async (request) => {
          this.asked.push(request)
          return this.answer(request)
        },
      },
      sleep: async (ms) => void this.waits.push(ms),
      onPage: (page) => this.got.push(...page.map(({ openTime }) => (openTime - epoch) / minute)),
      onFault: () => undefined,
    })
  }
}

const all = Array.from({ length: 2_500 }, (_, index) => index)

it('asks page by page and ends before the end', async () => {
  const desk = new Desk()
  await desk.run()
  expect(desk.got).toEqual(all)
  expect(desk.asked.map(({ limit }) => limit)).toEqual([1_000, 1_000, 500])
})

it('goes on over shorter pages than were asked for', async () => {
  const desk = new Desk()
  const { answer } = desk
  desk.answer = (request) => answer(request).slice(0, 300)
  await desk.run()
  expect(desk.got).toEqual(all)
})

it('goes on after pages in which nothing was traded', async () => {
  const desk = new Desk()
  const quiet = { from: epoch + 200 * minute, to: epoch + 1_500 * minute }
  desk.answer = ({ since = 0 }) =>
    market.filter(({ openTime }) => {
      const isOnPage = openTime >= since && openTime < since + 300 * minute
      return isOnPage && (openTime < quiet.from || openTime >= quiet.to)
    })
  await desk.run()
  expect(desk.got).toEqual(all.filter((index) => index < 200 || index >= 1_500))
})

it('waits out passing faults, longer each time or as long as the venue asks', async () => {
  const desk = new Desk()
  const { answer } = desk
  desk.answer = (request) => {
    if (desk.asked.length === 2) throw new VenueError('timeout', 'late')
    if (desk.asked.length === 3) throw new VenueError('unavailable', 'away')
    if (desk.asked.length === 4) throw new VenueError('throttled', 'slow', { retryAfterMs: 90_000 })
    return answer(request)
  }
  await desk.run()
  expect(desk.got).toEqual(all)
  expect(desk.waits).toEqual([1_000, 2_000, 90_000])
})

it.each(['unauthorized', 'unknown_symbol', 'blocked'] as const)(
  'gives up at once when the fault is %s',
  async (code) => {
    const desk = new Desk()
    desk.answer = () => {
      throw new VenueError(code, 'no')
    }
    await expect(desk.run()).rejects.toMatchObject({ code })
    expect(desk.asked).toHaveLength(1)
  },
)

it('gives up on a fault that does not pass', async () => {
  const desk = new Desk()
  desk.answer = () => {
    throw new VenueError('unavailable', 'away')
  }
  await expect(desk.run()).rejects.toMatchObject({ code: 'unavailable' })
  expect(desk.asked).toHaveLength(8)
})

it('takes no forming candle, none twice, and all in order', async () => {
  const desk = new Desk()
  desk.answer = ({ since }) =>
    since === epoch ? [candle(2), candle(0), candle(1), candle(2), candle(3, false)] : []
  await desk.run()
  expect(desk.got).toEqual([0, 1, 2])
})
