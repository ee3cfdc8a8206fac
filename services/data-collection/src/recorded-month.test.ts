/**
 * A recorded month of one-minute candles through a bad connection. Whatever is lost, repeated, shuffled,
 * corrected (at once or hours later) or not yet closed on the way, and however often the agent starts anew, what goes out is each
 * candle once and in order, and what is stored is the venue's last word.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { epochMs } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { openSqliteMarketStore } from '@flotilla/market-store'
import { Decimal } from '@flotilla/money'
import { createTestContext } from '@flotilla/runtime/testing'
import { VenueError } from '@flotilla/venue'
import type { CandleRequest, VenueCandle } from '@flotilla/venue'
import { expect, it } from 'vitest'
import { CandleFeed } from './candle-feed.ts'
import { DataCollectionConfig } from './config.ts'
import { jitterOf } from './core/index.ts'
import { createFeedMetrics } from './metrics.ts'
import { CandleStore } from './store.ts'
import { minute } from './testing.ts'

const file = join(
  import.meta.dirname,
  '../../../../shared/market-data/candles/binance_BTC-USDT_1m_2024-08.csv.gz',
)
const hour = 60 * minute
const series = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1m' } as const

function recordedMonth(): VenueCandle[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n').slice(1)
  return lines.map((line) => {
    const [time, ...figures] = line.split(',')
    const openTime = Number(time)
    const [open, high, low, close, baseVolume] = figures.map((text) => Decimal.from(text))
    const prices = { open: open!, high: high!, low: low!, close: close! }
    const volumes = { baseVolume: baseVolume!, quoteVolume: Decimal.zero }
    const times = { openTime, closeTime: openTime + minute }
    return { symbol: 'BTC/USDT', timeframe: '1m', ...times, ...prices, ...volumes, closed: true }
  })
}

/** The venue as a bad connection shows it. Every damage is drawn from one seed. */
class BadVenue {
  readonly #market: readonly VenueCandle[]
  readonly #now: () => number
  readonly #outages: readonly (readonly [number, number])[]
  /** How often a candle still gets lost. */
  readonly #toLose = new Map<number, number>()
  readonly #revised = new Set<number>()
  /** Corrected only hours after their end. */
  readonly #late = new Set<number>()
  readonly done = {
    lost: 0,
    repeated: 0,
    shuffled: 0,
    forming: 0,
    refused: 0,
    preliminary: 0,
    late: 0,
  }
  #draws = 0

  constructor(
    market: readonly VenueCandle[],
    now: () => number,
    outages: readonly (readonly [number, number])[],
  ) {
    this.#market = market
    this.#now = now
    this.#outages = outages
    for (const { openTime } of market) {
      if (this.#draw() < 0.01) this.#toLose.set(openTime, 1 + Math.floor(this.#draw() * 2))
      if (this.#draw() < 0.05) this.#revised.add(openTime)
      if (this.#draw() < 0.005) this.#late.add(openTime)
    }
  }

  async fetchCandles({ since = 0, limit = 500 }: CandleRequest): Promise<readonly VenueCandle[]> {
    const now = this.#now()
    if (this.#outages.some(([from, to]) => now >= from && now < to)) {
      this.done.refused += 1
      throw new VenueError('unreachable', 'connection reset')
    }
    const from = this.#market.findIndex(({ openTime }) => openTime >= since)
    const answer = this.#market.slice(Math.max(0, from), Math.max(0, from) + limit)
    const seen = answer
      .filter(({ openTime }) => openTime <= now)
      .flatMap((candle) => this.#damaged(candle, now))
    if (this.#draw() > 0.2) return seen
    this.done.shuffled += 1
    return seen
      .map((candle) => ({ candle, rank: this.#draw() }))
      .toSorted((left, right) => left.rank - right.rank)
      .map(({ candle }) => candle)
  }

  #damaged(candle: VenueCandle, now: number): VenueCandle[] {
    const { openTime, closeTime } = candle
    if (closeTime > now) {
      this.done.forming += 1
      const close = candle.open
      return [{ ...candle, high: close, low: close, close, closed: false }]
    }
    const left = this.#toLose.get(openTime) ?? 0
    if (left > 0) {
      this.#toLose.set(openTime, left - 1)
      this.done.lost += 1
      return []
    }
    const shown = this.#figures(candle, now)
    if (this.#draw() > 0.02) return [shown]
    this.done.repeated += 1
    return [shown, shown]
  }

  /** Some candles are shown with another volume until a minute and a half after their end. */
  #figures(candle: VenueCandle, now: number): VenueCandle {
    if (this.#late.has(candle.openTime) && now < candle.closeTime + 2 * hour) {
      this.done.late += 1
      return { ...candle, high: candle.high.plus('0.01') }
    }
    if (!this.#revised.has(candle.openTime) || now >= candle.closeTime + 90_000) return candle
    this.done.preliminary += 1
    return { ...candle, baseVolume: candle.baseVolume.plus('0.001') }
  }

  #draw(): number {
    this.#draws += 1
    return jitterOf('recorded month', this.#draws)
  }

  /** Minutes until the next look. */
  nextLook(): number {
    const draw = this.#draw()
    return draw < 0.7 ? 1 : 1 + Math.floor(this.#draw() * 30)
  }
}

it.skipIf(!existsSync(file))(
  'a recorded month through a bad connection is the clean sequence (needs ../shared/market-data)',
  { timeout: 240_000 },
  async () => {
    const market = recordedMonth()
    const begin = market[1_000]!.openTime
    const end = market.at(-1)!.closeTime
    const context = createTestContext('data-collection', { now: begin + 10_000 })
    const { clock } = context
    const outages = [
      [begin + 100 * hour, begin + 106 * hour],
      [begin + 400 * hour, begin + 400 * hour + 25 * minute],
    ] as const
    const venue = new BadVenue(market, () => clock.now(), outages)
    const marketStore = openSqliteMarketStore({ file: ':memory:' })
    const metrics = createFeedMetrics(context.metrics)
    const published: AnyMessage[] = []
    const open = async (): Promise<CandleFeed> => {
      const feed = new CandleFeed({
        series,
        config: DataCollectionConfig.parse({ recheckMs: 4 * hour }),
        context,
        bus: { publishAll: async (messages) => void published.push(...messages) },
        venue,
        store: new CandleStore(marketStore),
        metrics,
        venueNow: () => clock.now(),
        mayAsk: () => true,
        stopping: () => false,
      })
      await feed.recover()
      return feed
    }
    let feed = await open()
    for (let look = 0; clock.now() < end + 5 * minute; look += 1) {
      try {
        await feed.poll()
      } catch (error) {
        if (!(error instanceof VenueError)) throw error
      }
      await clock.advance(venue.nextLook() * minute)
      if (look % 2_000 === 1_999) feed = await open()
    }
    await clock.advance(4 * hour)
    await feed.poll()

    const expected = market.slice(1_000).map(({ openTime }) => openTime)
    const candles = published as MessageOfType<'market.candle.closed.v1'>[]
    expect(candles.map(({ payload }) => epochMs(payload.openTime))).toEqual(expected)
    expect(new Set(candles.map(({ messageId }) => messageId)).size).toBe(expected.length)

    await marketStore.flush()
    const stored = await marketStore.candles({ ...series, from: begin, limit: market.length })
    const figures = ({ openTime, open: o, high, low, close, baseVolume }: StoredFigures) =>
      [openTime, o, high, low, close, baseVolume].join(',')
    expect(stored.map(figures)).toEqual(market.slice(1_000).map(figures))

    const corrections = await metrics.corrections.get()
    expect(corrections.values[0]?.value).toBeGreaterThan(200)
    for (const [damage, count] of Object.entries(venue.done)) {
      expect({ damage, often: count > 20 }).toEqual({ damage, often: true })
    }
    await marketStore.close()
  },
)

type StoredFigures = Pick<
  VenueCandle,
  'openTime' | 'open' | 'high' | 'low' | 'close' | 'baseVolume'
>
