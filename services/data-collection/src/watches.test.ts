import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decimal } from '@flotilla/money'
import { quoteVolume24hOf, VenueError } from '@flotilla/venue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { candle, minute } from './testing.ts'
import { range, Stage } from './testing-stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = new Stage(['BTC/USDT', 'DOGE/USDT', 'XRP/USDT', 'ADA/USDT', 'ETH/BTC'])
  await stage.listen()
})
afterEach(() => stage.end())

function ticker(symbol: string, millions: number, observedAt = stage.context.clock.now()) {
  const quoteVolume24h = Decimal.from(Math.round(millions * 1_000_000))
  const [bid, ask, last] = ['99.99', '100.01', '100'].map((text) => Decimal.from(text))
  stage.venue.setTicker({ symbol, last: last!, bid: bid!, ask: ask!, quoteVolume24h, observedAt })
}

describe('the universe', () => {
  it('is told at the start and each hour, with core symbols in whatever their figures say', async () => {
    await stage.start()
    await stage.minutes(59)
    expect(stage.universes()).toEqual([{ 'BTC/USDT': 'force_eligible_core_asset' }])
    await stage.minutes(2)
    expect(stage.universes()).toHaveLength(2)
  })

  it('lets a symbol go when its volume has been gone for a while, and tells it once', async () => {
    const config = { universe: { forceEligible: [], confirmMs: 10 * minute } }
    ticker('BTC/USDT', 20)
    await stage.start(config)
    ticker('BTC/USDT', 5)
    await stage.minutes(9)
    expect(stage.universes()).toEqual([{ 'BTC/USDT': 'liquid' }])
    await stage.minutes(5)
    expect(stage.universes()).toEqual([
      { 'BTC/USDT': 'liquid' },
      { 'BTC/USDT': 'quote_volume_below_minimum' },
    ])
    expect(
      stage.context.logs.messages('info').filter((line) => line === 'universe changed'),
    ).toHaveLength(2)
    // Its candles still come: a position may be open.
    expect(stage.numbers()).toEqual(range(0, 14))
  })

  it('counts 5,928 bitcoin of Coinbase as half a billion dollars, and lets them be traded', async () => {
    const answer = { product_id: 'BTC-USDT', price: '95310.40', volume_24h: '5928' }
    const quoteVolume24h = quoteVolume24hOf('coinbase', answer)
    const [bid, last, ask] = ['95310', '95310.40', '95311'].map((text) => Decimal.from(text))
    const observedAt = stage.context.clock.now()
    const figures = { bid: bid!, last: last!, ask: ask!, quoteVolume24h, observedAt }
    stage.venue.setTicker({ symbol: 'BTC/USDT', ...figures })
    await stage.start({ universe: { forceEligible: [] } })
    const [told] = stage.heard.filter((each) => each.type === 'market.universe.changed.v1')
    expect(told?.payload.symbols).toEqual([
      {
        symbol: 'BTC/USDT',
        tier: 'core',
        eligible: true,
        reason: 'liquid',
        quoteVolume24h: '565000051.2',
      },
    ])
  })

  it('takes in the most traded symbols of the venue, with candles of their own', async () => {
    ticker('DOGE/USDT', 90)
    ticker('XRP/USDT', 80)
    ticker('ADA/USDT', 70)
    ticker('BTC/USDT', 900)
    const agent = await stage.start({ universe: { topSymbols: 2 } })
    await stage.minutes(2)
    expect(stage.universes()).toEqual([
      { 'BTC/USDT': 'force_eligible_core_asset', 'DOGE/USDT': 'liquid' },
    ])
    const { symbols } = agent.readiness().detail as { symbols: object }
    expect(Object.keys(symbols)).toEqual(['BTC/USDT', 'DOGE/USDT'])
    const heard = new Set(stage.candles().map(({ payload }) => payload.symbol))
    expect(heard).toEqual(new Set(['BTC/USDT', 'DOGE/USDT']))
  })

  it('is kept over a restart, with its past and with what went out of it', async () => {
    stage.folder = mkdtempSync(join(tmpdir(), 'flotilla-universe-'))
    const config = { universe: { forceEligible: [], topSymbols: 1, confirmMs: 0 } }
    ticker('BTC/USDT', 20)
    ticker('DOGE/USDT', 90)
    for (const symbol of ['XRP/USDT', 'ADA/USDT']) ticker(symbol, 1)
    const first = await stage.start(config)
    await first.stop()
    ticker('BTC/USDT', 9)
    ticker('DOGE/USDT', 1)
    const second = await stage.start(config)
    await stage.minutes(1)
    await second.stop()
    expect(stage.universes()).toEqual([
      { 'BTC/USDT': 'liquid', 'DOGE/USDT': 'liquid' },
      { 'BTC/USDT': 'liquid', 'DOGE/USDT': 'outside_top_volume' },
    ])
    writeFileSync(join(stage.folder, 'universe-simulator.json'), '{"torn')
    await stage.start(config)
    await stage.minutes(1)
    expect(stage.universes().at(-1)).toEqual({ 'BTC/USDT': 'quote_volume_below_minimum' })
    rmSync(stage.folder, { recursive: true })
  })

  it('keeps out what is listed for too short a time', async () => {
    ticker('ADA/USDT', 50)
    ticker('BTC/USDT', 50)
    const universe = { ageDaysMin: 30 }
    await stage.start({ universe }, ['BTC/USDT', 'ADA/USDT'])
    expect(stage.universes()).toEqual([
      { 'BTC/USDT': 'force_eligible_core_asset', 'ADA/USDT': 'listed_too_recently' },
    ])
  })
})

describe('the age of a symbol at a venue that looks at a stretch of time only', () => {
  const dayMs = 24 * 60 * minute

  it.each([
    ['is old enough', 400, 'liquid'],
    ['is too young', 12, 'listed_too_recently'],
  ])('%s', async (_what, listedDays, reason) => {
    ticker('ADA/USDT', 50)
    const now = stage.context.clock.now()
    const minutes = stage.venue.fetchCandles.bind(stage.venue)
    stage.venue.fetchCandles = async (request) => {
      if (request.timeframe !== '1d') return minutes(request)
      const { since = 0 } = request
      if (since === 0) throw new VenueError('invalid_request', 'start is too far back')
      const openTime = Math.max(since, now - listedDays * dayMs)
      return [candle(0, { openTime, closeTime: openTime + dayMs })]
    }
    await stage.start({ universe: { ageDaysMin: 30 } }, ['ADA/USDT'])
    expect(stage.universes()).toEqual([{ 'ADA/USDT': reason }])
    expect(stage.states().map(({ state }) => state)).toEqual(['healthy'])
  })
})

describe('old data', () => {
  it('stops a symbol with one alert, and starts it again when it is fresh', async () => {
    ticker('BTC/USDT', 20)
    const agent = await stage.start()
    await stage.minutes(5)
    // Said once: whoever kept the word of an earlier life is told that it is over.
    expect(stage.symbolStates()).toMatchObject([{ symbol: 'BTC/USDT', state: 'healthy' }])
    await stage.minutes(10)
    expect(stage.symbolStates().slice(1)).toMatchObject([
      { source: 'simulator', symbol: 'BTC/USDT', state: 'degraded' },
    ])
    expect(stage.context.logs.messages('error')).toEqual(['market data is stale'])
    expect(agent.readiness().detail).toMatchObject({ symbols: { 'BTC/USDT': { stale: true } } })
    ticker('BTC/USDT', 20)
    await stage.minutes(1)
    expect(stage.symbolStates().map(({ state }) => state)).toEqual([
      'healthy',
      'degraded',
      'healthy',
    ])
    expect(agent.readiness().detail).toMatchObject({ symbols: { 'BTC/USDT': { stale: false } } })
  })

  it('stops all symbols of a source that is away, without another alert', async () => {
    await stage.start()
    stage.venue.failReads('unauthorized', 1)
    await stage.minutes(20)
    const [, ...states] = stage.symbolStates()
    expect(states).toMatchObject([{ symbol: 'BTC/USDT', state: 'degraded' }])
    expect(stage.context.logs.messages('error')).toEqual(['venue state changed'])
    expect(await ageOf('flotilla_symbol_candle_age_seconds')).toBeGreaterThan(1_000)
    expect(await ageOf('flotilla_symbol_ticker_age_seconds')).toBeGreaterThan(1_000)
  })

  async function ageOf(name: string): Promise<number | undefined> {
    const figures = await stage.context.metrics.getSingleMetric(name)?.get()
    return figures?.values.find(({ labels }) => labels['symbol'] === 'BTC/USDT')?.value
  }
})

describe('a source that fails', () => {
  it('is asked one small question at a time once its circuit is open', async () => {
    await stage.start({ backoffMinimumMs: 1_000, backoffMaximumMs: 1_000, breakerFailures: 2 })
    stage.venue.failReads('unavailable', 20)
    await stage.minutes(1)
    const before = stage.venue.calls.length
    await stage.minutes(5)
    const asked = stage.venue.calls.slice(before).map(({ method }) => method)
    expect(asked).toHaveLength(10)
    expect(new Set(asked)).toEqual(new Set(['fetchTime']))
    await stage.minutes(10)
    expect(stage.states().map(({ state }) => state)).toEqual(['healthy', 'degraded', 'healthy'])
    expect(stage.numbers()).toEqual(range(0, 16))
  })

  it('each reload costs a refused key one question, and no message more', async () => {
    await stage.start()
    stage.venue.failReads('unauthorized', 3)
    await stage.minutes(10)
    const before = stage.venue.calls.length
    await stage.reload()
    await stage.minutes(10)
    await stage.reload()
    await stage.minutes(10)
    expect(stage.venue.calls.length - before).toBe(2)
    expect(stage.states().map(({ state }) => state)).toEqual(['healthy', 'disabled'])
    const [line] = stage.context.logs.records.filter((record) => record['level'] === 'error')
    expect(line).toMatchObject({ venue: 'simulator', state: 'disabled' })
    expect(JSON.stringify(line)).toMatch(/venue\.apiKey.*stored candles, other sources/)
  })
})
