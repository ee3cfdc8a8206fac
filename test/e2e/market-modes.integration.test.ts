// Polling and streaming over the simulator's wire, on an accelerated market: whatever happens to the stream,
// both agents tell the same closed candles.
import { createSimulator } from '@flotilla/exchange-simulator'
import type { Simulator } from '@flotilla/exchange-simulator'
import { createScaledClock } from '@flotilla/runtime'
import { createTestContext } from '@flotilla/runtime/testing'
import { afterEach, expect, it } from 'vitest'
import { setFault, watchMarket } from '../support/market-watch.ts'
import type { MarketWatch } from '../support/market-watch.ts'

/** A one-minute candle closes five times a second. */
const speed = 300
const minute = 60_000
const patience = { timeout: 120_000, interval: 20 }

let simulator: Simulator | null = null
const watches: MarketWatch[] = []
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.stop()))
  await simulator?.stop()
})

type OpenWatch = MarketWatch & {
  readonly drops: () => Promise<number>
  readonly logs: (level: 'info' | 'warn') => readonly string[]
}

async function open(on: Simulator, data: object): Promise<OpenWatch> {
  const context = {
    ...createTestContext('data-collection', { now: 0 }),
    clock: createScaledClock(on.anchor()),
  }
  const drops = async (): Promise<number> => {
    const name = 'flotilla_market_stream_drops_total'
    const figures = await context.metrics.getSingleMetric(name)?.get()
    return figures?.values[0]?.value ?? 0
  }
  const watch = await watchMarket({
    context,
    url: on.url,
    data: { historyCandles: 30, orderBookDepth: 5, universe: { confirmMs: 0 }, ...data },
    shared: { symbols: ['BTC/USDT', 'ETH/USDT'] },
  })
  watches.push(watch)
  return { ...watch, drops, logs: (level) => context.logs.messages(level) }
}

/** The simulator's streams speak ten times a real second: half a market minute lies between. */
const stream = {
  enabled: true,
  graceMs: 2 * minute,
  silenceMaxMs: 6 * minute,
  restMs: 2 * minute,
  stableMs: 4 * minute,
  // Longer than a busy machine needs for a few drops one after another.
  dropWindowMs: 24 * 60 * minute,
  reopenMs: 0,
}

it(
  'polling and streaming tell the same closed candles, however often the stream breaks',
  { timeout: 300_000 },
  async () => {
    const market = createSimulator({
      config: {
        speed,
        symbols: ['BTC/USDT', 'ETH/USDT'],
        startAt: Date.UTC(2026, 0, 5),
        limits: { weightPerMinute: 1_000_000 },
        control: { enabled: true },
      },
      folder: null,
    })
    simulator = market
    await market.start()
    const polled = await open(market, {})
    const streamed = await open(market, { stream })
    const asked = countCandleQuestions(streamed)

    const mode = (): unknown => streamed.agent.readiness().detail['mode']
    const becomes = (wanted: string) => expect.poll(mode, patience).toBe(wanted)
    const told = async (more: number): Promise<void> => {
      const until = streamed.candles().length + more
      await expect.poll(() => streamed.candles().length, patience).toBeGreaterThan(until)
    }
    const fault = (each: object | null) => setFault(market.controlUrl, each)

    // Of a market without faults the stream tells nearly all; a machine that stands still has to ask for some.
    const askedOfTold = async (): Promise<number> => {
      await becomes('streaming')
      const before = { asked: asked(), told: streamed.candles().length }
      await told(20)
      return (asked() - before.asked) / (streamed.candles().length - before.told)
    }
    await expect.poll(askedOfTold, patience).toBeLessThan(0.5)

    // Events that come twice, late, or not at all.
    for (const kind of ['F24', 'F25', 'F26']) {
      await fault({ kind, match: { path: '/ws/*', probability: 0.3 }, seed: 7 })
    }
    await told(20)
    await fault(null)

    // Connections that end in each of the ways, until the stream is given up; and its return.
    const given = (): boolean => streamed.logs('warn').includes('market stream given up, polling')
    for (let round = 0; round < 9 && !given(); round += 1) {
      await becomes('streaming')
      const known = await streamed.drops()
      await fault({ kind: 'F27', args: { how: ['disconnect', 'cut', 'shutdown'][round % 3] } })
      await expect.poll(streamed.drops, patience).toBeGreaterThan(known)
    }
    expect(given()).toBe(true)
    await told(4)
    await becomes('streaming')
    expect(streamed.logs('info')).toContain('market stream is stable again')

    // A connection that stays open and says nothing.
    await fault({ kind: 'F26', match: { path: '/ws/*' } })
    const known = await streamed.drops()
    await expect.poll(streamed.drops, patience).toBeGreaterThan(known)
    await told(4)
    await fault(null)
    await becomes('streaming')
    await told(10)

    for (const symbol of ['BTC/USDT', 'ETH/USDT']) {
      const [one, other] = [figuresOf(polled, symbol), figuresOf(streamed, symbol)]
      const shared = {
        from: Math.max(one[0]!.at, other[0]!.at),
        to: Math.min(last(one), last(other)),
      }
      const within = (all: Figures[]): Figures[] =>
        all.filter(({ at }) => at >= shared.from && at <= shared.to)
      expect(within(other)).toEqual(within(one))
      expect(within(one).length).toBeGreaterThan(25)
      const times = within(one).map(({ at }) => at)
      expect(times).toEqual(times.map((_, index) => shared.from + index * minute))
    }
    for (const { heard } of [polled, streamed]) {
      const types = new Set(heard.map(({ type }) => type))
      expect(types).toContain('market.book.updated.v1')
      expect(types).toContain('market.ticker.updated.v1')
    }
  },
)

type Figures = { readonly at: number; readonly figures: string }

function figuresOf(watch: MarketWatch, symbol: string): Figures[] {
  return watch.candles(symbol).map((candle) => {
    const { openTime, open: first, high, low, close, baseVolume, quoteVolume } = candle
    const figures = [first, high, low, close, baseVolume, quoteVolume].join(' ')
    return { at: Date.parse(openTime), figures }
  })
}

function last(all: readonly Figures[]): number {
  return all.at(-1)?.at ?? 0
}

function countCandleQuestions({ venue }: MarketWatch): () => number {
  let count = 0
  const ask = venue.fetchCandles.bind(venue)
  venue.fetchCandles = async (request) => {
    count += 1
    return ask(request)
  }
  return () => count
}
