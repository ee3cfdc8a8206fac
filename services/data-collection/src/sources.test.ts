import { ConfigError } from '@flotilla/runtime'
import { createFakeVenue, symbolRules } from '@flotilla/venue/testing'
import type { FakeVenue } from '@flotilla/venue/testing'
import type { Venue } from '@flotilla/venue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { indexOf } from './testing.ts'
import { range, Stage } from './testing-stage.ts'
import { epochMs } from '@flotilla/contracts'

let stage: Stage
beforeEach(async () => {
  stage = new Stage()
  await stage.listen()
})
afterEach(() => stage.end())

/** The same market at another venue, under another name for the dollar. */
function other(): FakeVenue {
  const venue = createFakeVenue({
    now: () => stage.context.clock.now(),
    rules: [symbolRules({ symbol: 'BTC/USD' })],
  })
  venue.setPrice('BTC/USD', '50010')
  venue.fetchCandles = async (request) => {
    venue.calls.push({ method: 'fetchCandles', argument: request })
    await venue.fetchTime()
    const all = await stage.venue.fetchCandles({ ...request, symbol: 'BTC/USDT' })
    return all.map((each) => ({ ...each, symbol: 'BTC/USD' }))
  }
  return venue
}

const coinbase = (keys: object = {}) => ({
  sources: { coinbase: { kind: 'binance', symbols: ['BTC/USD'], ...keys } },
})

function numbersOf(venue: string): number[] {
  return stage
    .candles()
    .filter(({ payload }) => payload.venue === venue)
    .map(({ payload }) => indexOf(epochMs(payload.openTime)))
}

const statesOf = (source: string) =>
  stage
    .states()
    .filter((each) => each.source === source)
    .map(({ state }) => state)

describe('two venues', () => {
  it('are watched side by side, each with candles, prices and a universe of its own', async () => {
    const venue = other()
    stage.settings = { config: coinbase(), shared: {} }
    stage.open = async ({ venue: { id, kind } }) => {
      expect({ id, kind }).toEqual({ id: 'coinbase', kind: 'binance' })
      return venue
    }
    const agent = await stage.start()
    await stage.minutes(5)
    expect(numbersOf('simulator')).toEqual(range(0, 5))
    expect(numbersOf('coinbase')).toEqual(range(0, 5))
    const prices = stage.heard.filter((each) => each.type === 'market.ticker.updated.v1')
    expect(new Set(prices.map(({ payload }) => `${payload.venue} ${payload.symbol}`))).toEqual(
      new Set(['simulator BTC/USDT', 'coinbase BTC/USD']),
    )
    expect(stage.universes()).toEqual([
      { 'BTC/USDT': 'force_eligible_core_asset' },
      { 'BTC/USD': 'force_eligible_core_asset' },
    ])
    const { detail } = agent.readiness()
    expect(detail).toMatchObject({
      symbols: { 'BTC/USDT': { stale: false } },
      sources: { coinbase: { symbols: { 'BTC/USD': { stale: false } } } },
    })
  })

  it('fail apart: what one of them does is no matter to the other', async () => {
    const venue = other()
    stage.settings = { config: coinbase(), shared: {} }
    stage.open = async () => venue
    const agent = await stage.start()
    await stage.minutes(2)
    venue.failReads('unavailable', 30)
    await stage.minutes(5)
    expect(statesOf('coinbase')).toEqual(['healthy', 'degraded'])
    expect(statesOf('simulator')).toEqual(['healthy'])
    expect(numbersOf('simulator')).toEqual(range(0, 7))
    expect(numbersOf('coinbase')).toEqual(range(0, 2))
    expect(agent.readiness().ready).toBe(true)
  })

  it('one of which cannot be opened: the other goes on', async () => {
    stage.settings = { config: coinbase(), shared: {} }
    stage.open = () => Promise.reject(new Error('no such module'))
    await stage.start()
    await stage.minutes(2)
    expect(numbersOf('simulator')).toEqual([0, 1])
    expect(stage.context.logs.messages('error')).toEqual(['source not opened'])
  })
})

describe('a source with a refused key', () => {
  async function refused(
    code: 'unauthorized' | 'blocked' = 'unauthorized',
  ): Promise<{ opened: Venue[]; keys: unknown[] }> {
    const opened: Venue[] = []
    const keys: unknown[] = []
    stage.settings = { config: coinbase({ apiKey: 'old', apiSecret: 's' }), shared: {} }
    stage.open = async ({ venue: { apiKey } }) => {
      const venue = other()
      if (apiKey === 'old') venue.failReads(code, 1_000)
      opened.push(venue)
      keys.push(apiKey)
      return venue
    }
    await stage.start()
    await stage.minutes(60)
    return { opened, keys }
  }

  it('is off with one message that names its settings, and asked nothing more', async () => {
    const { opened } = await refused()
    expect((opened[0] as FakeVenue).calls).toHaveLength(1)
    const [disabled] = stage.states().filter(({ state }) => state === 'disabled')
    expect(disabled?.fix).toMatch(
      /data\.sources\.coinbase\.apiKey.*FLOTILLA_DATA__SOURCES__COINBASE__API_KEY/,
    )
    expect(stage.context.logs.messages('error')).toEqual(['venue state changed'])
    expect(numbersOf('simulator')).toEqual(range(0, 60))
  })

  it('comes back by itself when the key in the file changes, and closes the old venue', async () => {
    const { opened, keys } = await refused()
    let closed = 0
    opened[0]!.close = async () => void (closed += 1)
    stage.settings = { config: coinbase({ apiKey: 'new', apiSecret: 's' }), shared: {} }
    await stage.minutes(3)
    expect(keys).toEqual(['old', 'new'])
    expect(closed).toBe(1)
    expect(statesOf('coinbase')).toEqual(['disabled', 'healthy'])
    expect(numbersOf('coinbase').length).toBeGreaterThan(0)
    expect((opened[0] as FakeVenue).calls).toHaveLength(1)
  })

  it.each(['unauthorized', 'blocked'] as const)(
    'is not asked again by a reload that leaves the key as it was: %s',
    async (code) => {
      const { opened } = await refused(code)
      await stage.reload()
      await stage.minutes(10)
      expect(opened).toHaveLength(1)
      expect((opened[0] as FakeVenue).calls).toHaveLength(1)
      expect(statesOf('coinbase')).toEqual(['disabled'])
    },
  )

  it('goes on with the old settings while the file makes no sense', async () => {
    const { keys } = await refused()
    const good = stage.settings
    Object.defineProperty(stage, 'settings', {
      configurable: true,
      get: () => {
        throw new ConfigError([])
      },
    })
    await stage.minutes(1)
    expect(keys).toEqual(['old'])
    Object.defineProperty(stage, 'settings', { value: good, writable: true })
  })
})

describe('control.reload', () => {
  it('brings sources that were added, ends those that were removed', async () => {
    stage.settings = { config: {}, shared: {} }
    stage.open = async () => other()
    await stage.start()
    await stage.minutes(2)
    stage.settings = { config: coinbase(), shared: {} }
    await stage.reload()
    await stage.minutes(3)
    const count = numbersOf('coinbase').length
    expect(count).toBeGreaterThanOrEqual(2)
    stage.settings = { config: {}, shared: {} }
    await stage.reload()
    await stage.minutes(5)
    expect(numbersOf('coinbase')).toHaveLength(count)
    expect(numbersOf('simulator')).toEqual(range(0, 10))
  })

  it('gives the traded venue its new key', async () => {
    const fresh = stage.venue
    const stale = other()
    stale.failReads('unauthorized', 1_000)
    stage.settings = { config: {}, shared: { venue: { apiKey: 'old', apiSecret: 's' } } }
    stage.open = async ({ venue: { apiKey } }) => {
      expect(apiKey).toBe('new')
      return fresh
    }
    await stage.start({}, ['BTC/USDT'], stale)
    await stage.minutes(2)
    expect(statesOf('simulator')).toEqual(['disabled'])
    stage.settings = { config: {}, shared: { venue: { apiKey: 'new', apiSecret: 's' } } }
    await stage.reload()
    await stage.minutes(2)
    expect(statesOf('simulator')).toEqual(['disabled', 'healthy'])
    expect(numbersOf('simulator').length).toBeGreaterThan(0)
  })
})
