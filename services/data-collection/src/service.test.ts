import { MarketStoreError } from '@flotilla/market-store'
import type { StoredCandle } from '@flotilla/market-store'
import { Decimal } from '@flotilla/money'
import { VenueError } from '@flotilla/venue'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { candle, epoch, indexOf, minute } from './testing.ts'
import { range, series, Stage } from './testing-stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = new Stage()
  await stage.listen()
})
afterEach(() => stage.end())

describe('candles', () => {
  it('the history of the first start is stored and not published', async () => {
    await stage.start()
    expect(await stage.stored()).toEqual(range(-21, 0))
    expect(stage.numbers()).toEqual([])
  })

  it('a history longer than a page is fetched page by page', async () => {
    await stage.start({ pageCandles: 10, historyCandles: 45 })
    expect(await stage.stored()).toEqual(range(-46, 0))
  })

  it('each candle is published once, when it has closed, and stored', async () => {
    await stage.start()
    await stage.minutes(10)
    expect(stage.numbers()).toEqual(range(0, 10))
    expect(stage.candles().every(({ payload }) => payload.origin === 'live')).toBe(true)
    expect(await stage.stored()).toEqual(range(-21, 10))
    expect(stage.candles()[3]?.payload).toEqual({
      ...series,
      openTime: '2026-01-05T00:03:00.000Z',
      closeTime: '2026-01-05T00:04:00.000Z',
      open: '50003',
      high: '50008',
      low: '49998',
      close: '50003',
      baseVolume: '1.5',
      quoteVolume: '75000',
      origin: 'live',
    })
  })

  it('the venue is asked only when a candle can have closed', async () => {
    await stage.start()
    const before = asked()
    await stage.minutes(10)
    // Twenty looks: each asks for tickers, every second one for candles, one for the venue's time.
    expect(asked() - before).toBe(10 + 1)
  })

  it('looks fall a moment after candles close, whenever the agent was started', async () => {
    await stage.context.clock.advance(17_300)
    await stage.start({ settleMs: 1_000 })
    await stage.context.clock.advance(42_700 + 999)
    await stage.broker.idle()
    expect(stage.numbers()).toEqual([])
    await stage.context.clock.advance(1)
    await stage.broker.idle()
    expect(stage.numbers()).toEqual([0])
    await stage.minutes(2)
    expect(stage.numbers()).toEqual([0, 1, 2])
  })

  it('what a gap holds back goes out after the gap was filled', async () => {
    await stage.start()
    stage.damage = (answer) => answer.filter(({ openTime }) => indexOf(openTime) !== 2)
    await stage.minutes(4)
    expect(stage.numbers()).toEqual([0, 1])
    stage.damage = (answer) => answer
    await stage.minutes(1)
    expect(stage.numbers()).toEqual(range(0, 5))
    expect(stage.candles().map(({ payload }) => payload.origin)).toEqual([
      'live',
      'live',
      'backfill',
      'live',
      'live',
    ])
    expect(stage.context.logs.messages('warn')).toEqual([])
  })

  it('a gap that the venue itself has is given up after three answers', async () => {
    await stage.start()
    stage.damage = (answer) => answer.filter(({ openTime }) => indexOf(openTime) !== 2)
    await stage.minutes(8)
    expect(stage.numbers()).toEqual([0, 1, ...range(3, 8)])
    expect(stage.context.logs.messages('warn')).toEqual([
      'venue has no candles here, going on without',
    ])
  })

  it('a correction is stored and counted, not sent again', async () => {
    await stage.start()
    await stage.minutes(2)
    const corrected = candle(1, { close: Decimal.from(50_004) })
    stage.damage = (answer) =>
      answer.map((each) => (each.openTime === corrected.openTime ? corrected : each))
    await stage.minutes(2)
    expect(stage.numbers()).toEqual(range(0, 4))
    const [stored] = await stage.store.candles({ ...series, from: corrected.openTime, limit: 3 })
    expect(stored?.close.toString()).toBe('50004')
    expect(await metric('flotilla_candle_corrections_total')).toBe(1)
  })

  it('pages are walked until the present, and only the newest candle is live', async () => {
    await stage.start({ pageCandles: 10, historyCandles: 100 })
    await stage.minutes(2)
    stage.venue.failReads('unavailable', 10)
    await stage.minutes(41)
    const back = stage.candles().findIndex(({ payload }) => payload.origin === 'backfill')
    const again = stage
      .candles()
      .findIndex(({ payload }, at) => at > back && payload.origin === 'live')
    expect(stage.numbers()).toEqual(range(0, 43))
    expect(back).toBe(2)
    expect(again - back).toBeGreaterThan(20)
  })
})

describe('restarts', () => {
  it('nothing is skipped and nothing told twice', async () => {
    const first = await stage.start()
    await stage.minutes(5)
    await first.stop()
    await stage.minutes(7)
    await stage.start()
    await stage.minutes(3)
    expect(stage.numbers()).toEqual(range(0, 15))
    expect(await stage.stored()).toEqual(range(-21, 15))
  })

  it('what was told and not stored at a crash is told again under the same id', async () => {
    const first = await stage.start()
    await stage.minutes(3)
    const write = stage.store.writeCandles.bind(stage.store)
    stage.store.writeCandles = () => Promise.resolve()
    await stage.minutes(2)
    await first.stop()
    stage.store.writeCandles = write
    await stage.start()
    expect(stage.numbers()).toEqual([0, 1, 2, 3, 4, 3, 4])
    const ids = stage.candles().map(({ messageId }) => messageId)
    expect(ids.slice(3, 5)).toEqual(ids.slice(5, 7))
    expect(await stage.stored()).toEqual(range(-21, 5))
  })

  it('holes between stored candles are filled without being told', async () => {
    await stage.store.writeCandles(storedCandles([...range(-20, -10), ...range(-8, 0)]))
    await stage.start()
    expect(await stage.stored()).toEqual(range(-20, 0))
    expect(stage.numbers()).toEqual([])
  })

  it('a history that is wanted longer than it was is fetched too, and not told', async () => {
    await (await stage.start()).stop()
    await stage.start({ historyCandles: 40, pageCandles: 10 })
    expect(await stage.stored()).toEqual(range(-40, 0))
    expect(stage.numbers()).toEqual([])
  })

  it('what the store had to drop while it was away is fetched again', async () => {
    await stage.start()
    await stage.minutes(4)
    const away = { ...series, from: epoch + minute, to: epoch + 2 * minute }
    const taken = [[away]]
    stage.store.takeHoles = () => taken.pop() ?? []
    const written: StoredCandle[] = []
    const write = stage.store.writeCandles.bind(stage.store)
    stage.store.writeCandles = (rows) => {
      written.push(...rows)
      return write(rows)
    }
    await stage.minutes(1)
    expect(written.map(({ openTime }) => indexOf(openTime))).toEqual([1, 2, 4])
  })

  it('an outage of the store holds no candle up, and its hole is filled afterwards', async () => {
    await stage.start()
    await stage.minutes(2)
    const { store } = stage
    const kept = {
      writeCandles: store.writeCandles.bind(store),
      candles: store.candles.bind(store),
      health: store.health.bind(store),
      takeHoles: store.takeHoles.bind(store),
    }
    const lost: StoredCandle[] = []
    store.writeCandles = async (rows) => void lost.push(...rows)
    store.candles = () => Promise.reject(new MarketStoreError('away'))
    store.health = () => ({ ...kept.health(), state: 'failing' })
    await stage.minutes(90)
    expect(stage.numbers()).toEqual(range(0, 92))
    expect(stage.candles().every(({ payload }) => payload.origin === 'live')).toBe(true)

    const hole = { ...series, from: lost[0]!.openTime, to: lost.at(-1)!.openTime }
    Object.assign(store, kept, { takeHoles: () => [hole] })
    await stage.minutes(1)
    Object.assign(store, kept)
    await stage.minutes(1)
    expect(await stage.stored()).toEqual(range(-21, 94))
    expect(stage.numbers()).toEqual(range(0, 94))
  })

  it('without the store it starts from the venue and goes on', async () => {
    stage.store.candles = () => Promise.reject(new MarketStoreError('away'))
    await stage.start()
    await stage.minutes(3)
    expect(stage.numbers()).toEqual(range(0, 3))
    expect(stage.context.logs.messages('warn')).toHaveLength(1)
  })
})

describe('a venue that fails', () => {
  it('an outage is told once, waited out, and everything missed comes in order', async () => {
    await stage.start()
    await stage.minutes(3)
    stage.venue.failReads('unavailable', 3)
    await stage.minutes(12)
    expect(stage.numbers()).toEqual(range(0, 15))
    expect(stage.states().map(({ state }) => state)).toEqual(['healthy', 'degraded', 'healthy'])
    expect(stage.context.logs.messages('warn')).toEqual(['venue state changed'])
  })

  it('an outage at the start does not keep it from starting', async () => {
    stage.venue.failReads('unreachable', 2)
    const agent = await stage.start()
    expect(agent.readiness().ready).toBe(false)
    await stage.minutes(3)
    expect(agent.readiness().ready).toBe(true)
    expect(stage.numbers().length).toBeGreaterThan(0)
  })

  it('while it waits it does not ask', async () => {
    await stage.start({ backoffMinimumMs: 600_000, backoffMaximumMs: 600_000 })
    stage.venue.failReads('throttled', 1)
    await stage.minutes(1)
    const before = stage.venue.calls.length
    await stage.minutes(9)
    expect(stage.venue.calls.length).toBe(before)
    await stage.minutes(5)
    expect(stage.numbers()).toEqual(range(0, 15))
  })

  it('a refused key disables the source with one message, until it is told to reload', async () => {
    await stage.start()
    stage.venue.failReads('unauthorized', 1)
    await stage.minutes(1)
    const calls = stage.venue.calls.length
    await stage.minutes(60)
    expect(stage.venue.calls.length).toBe(calls)
    expect(stage.states()).toMatchObject([
      { state: 'healthy', fix: null },
      { source: 'simulator', state: 'disabled', fix: expect.stringContaining('apiKey') as string },
    ])
    expect(stage.context.logs.messages('error')).toEqual(['venue state changed'])
    await stage.reload()
    await stage.minutes(1)
    expect(stage.numbers()).toEqual([...range(0, 62)].slice(-stage.numbers().length))
    expect(stage.states().at(-1)?.state).toBe('healthy')
  })

  it('a symbol that is not listed is told once; the others go on', async () => {
    const fetch = stage.venue.fetchCandles.bind(stage.venue)
    stage.venue.fetchCandles = async (request) => {
      if (request.symbol !== 'BTC/USDT') throw new VenueError('unknown_symbol', 'no such market')
      return fetch(request)
    }
    const agent = await stage.start({}, ['BTC/USDT', 'DOGE/USDT'])
    await stage.minutes(3)
    expect(stage.numbers()).toEqual(range(0, 3))
    expect(stage.context.logs.messages('error')).toEqual(['symbol not listed at venue'])
    expect(agent.readiness()).toMatchObject({
      ready: true,
      detail: { symbols: { 'DOGE/USDT': 'unlisted' } },
    })
  })
})

it('tickers are published and stored with each look, order books when asked for', async () => {
  await stage.start({ orderBookDepth: 5 })
  await stage.minutes(1)
  const tickers = stage.heard.filter(({ type }) => type === 'market.ticker.updated.v1')
  expect(tickers).toHaveLength(3)
  expect(await stage.store.lastPrice(series)).toMatchObject({ source: 'ticker' })
  expect(stage.venue.calls.filter(({ method }) => method === 'fetchOrderBook')).toHaveLength(3)
})

it('a stopped agent leaves no timer behind', async () => {
  const agent = await stage.start()
  await agent.stop()
  expect(stage.context.clock.waiting()).toBe(0)
})

it('any damage on the way, outages and restarts included, yields the clean sequence', async () => {
  const damage = fc.record({
    lost: fc.array(fc.nat(8), { maxLength: 3 }),
    repeat: fc.boolean(),
    reverse: fc.boolean(),
    fails: fc.boolean(),
    restart: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 5, maxLength: 20 }), async (steps) => {
      const one = new Stage()
      await one.listen()
      let life = await one.start({ backoffMinimumMs: 1_000 })
      for (const { lost, repeat, reverse, fails, restart } of steps) {
        let times = 0
        one.damage = (answer) => {
          times += 1
          // The first answer is damaged; when the venue is asked for the gap, it is honest.
          if (times % 2 === 0) return answer
          const kept = answer.filter((_, at) => !lost.includes(answer.length - 1 - at))
          const all = repeat ? [...kept, ...kept] : kept
          return reverse ? all.toReversed() : all
        }
        if (fails) one.venue.failReads('timeout', 1)
        await one.minutes(1)
        if (!restart) continue
        await life.stop()
        life = await one.start({ backoffMinimumMs: 1_000 })
      }
      one.damage = (answer) => answer
      await one.minutes(2)
      expect(one.numbers()).toEqual(range(0, steps.length + 2))
      expect(await one.stored()).toEqual(range(-21, steps.length + 2))
      await one.end()
    }),
    { numRuns: 25, seed: propertySeed },
  )
})

function asked(): number {
  return stage.venue.calls.filter(({ method }) => method === 'fetchTime').length
}

async function metric(name: string): Promise<number | undefined> {
  const values = await stage.context.metrics.getSingleMetric(name)?.get()
  return values?.values[0]?.value
}

function storedCandles(numbers: readonly number[]): StoredCandle[] {
  return numbers.map((number) => {
    const { closed: _, ...figures } = candle(number)
    return { ...figures, ...series }
  })
}
