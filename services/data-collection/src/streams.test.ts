import { VenueError } from '@flotilla/venue'
import { Decimal } from '@flotilla/money'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { candle, minute } from './testing.ts'
import { range, Stage } from './testing-stage.ts'

const stream = { enabled: true, stableMs: 2 * minute, restMs: 5 * minute, reopenMs: 0 }

let stage: Stage
beforeEach(async () => {
  stage = new Stage()
  await stage.listen()
})
afterEach(() => stage.end())

const mode = (): unknown => agentOf().readiness().detail['mode']
let agentOf: () => Awaited<ReturnType<Stage['start']>>

async function start(config: object = {}): Promise<void> {
  const agent = await stage.start({ stream, ...config })
  agentOf = () => agent
}

describe('a venue that streams', () => {
  it('is not asked for candles and prices while its stream tells them', async () => {
    await start()
    await stage.streamedMinutes(1)
    const before = [stage.asked('fetchCandles'), stage.asked('fetchTickers')]
    await stage.streamedMinutes(20)
    expect(stage.numbers()).toEqual(range(0, 21))
    expect([stage.asked('fetchCandles'), stage.asked('fetchTickers')]).toEqual(before)
    expect(stage.candles().every(({ payload }) => payload.origin === 'live')).toBe(true)
    expect(await stage.stored()).toEqual(range(-21, 21))
    expect(mode()).toBe('streaming')
  })

  it('publishes no forming candle, and none that is called closed before its end', async () => {
    await start()
    await stage.streamedMinutes(2)
    stage.venue.streams.tellCandles([candle(2, { closed: false }), candle(2), candle(3)])
    await stage.broker.idle()
    expect(stage.numbers()).toEqual([0, 1])
    await stage.streamedMinutes(2)
    expect(stage.numbers()).toEqual(range(0, 4))
  })

  it('is asked at once for what its stream left out, and newer candles wait for it', async () => {
    await start()
    await stage.streamedMinutes(2)
    const before = stage.asked('fetchCandles')
    await stage.context.clock.advance(minute + 5_000)
    await stage.context.clock.advance(minute - 5_000)
    stage.venue.streams.tellCandles([candle(3)])
    await stage.minutes(0)
    expect(stage.numbers()).toEqual(range(0, 4))
    expect(stage.asked('fetchCandles') - before).toBeLessThanOrEqual(2)
  })

  it('tells prices and books as they are streamed, not more often than is wanted', async () => {
    const often = { ...stream, publishIntervalMs: 30_000 }
    await start({ stream: often, orderBookDepth: 5 })
    await stage.streamedMinutes(2)
    const heard = (type: string) => stage.heard.filter((each) => each.type === type).length
    const before = [heard('market.ticker.updated.v1'), heard('market.book.updated.v1')]
    const asked = stage.asked('fetchOrderBook')
    for (let second = 1; second <= 59; second += 1) {
      await stage.context.clock.advance(1_000)
      stage.venue.setPrice('BTC/USDT', 50_000 + second)
    }
    await stage.broker.idle()
    expect(heard('market.ticker.updated.v1') - (before[0] ?? 0)).toBe(1)
    expect(heard('market.book.updated.v1') - (before[1] ?? 0)).toBe(1)
    expect(stage.asked('fetchOrderBook')).toBe(asked)
  })

  it('is asked for books that are deeper than streams go', async () => {
    await start({ orderBookDepth: 50 })
    await stage.streamedMinutes(1)
    const before = stage.asked('fetchOrderBook')
    await stage.streamedMinutes(2)
    expect(stage.asked('fetchOrderBook') - before).toBe(4)
  })
})

describe('a stream that fails', () => {
  it('once is opened again at once, and nothing is missed', async () => {
    await start()
    await stage.streamedMinutes(3)
    stage.venue.streams.drop()
    await stage.streamedMinutes(3)
    expect(mode()).toBe('streaming')
    expect(stage.numbers()).toEqual(range(0, 6))
    expect(stage.context.logs.messages('warn')).toEqual([])
  })

  it('again and again is given up for polling, and comes back when it is stable', async () => {
    await start()
    await stage.streamedMinutes(2)
    for (let drop = 0; drop < 3; drop += 1) {
      stage.venue.streams.drop()
      await stage.minutes(0)
    }
    expect(mode()).toBe('polling')
    expect(stage.context.logs.messages('warn')).toEqual(['market stream given up, polling'])
    await stage.minutes(4)
    expect(stage.venue.streams.count).toBe(0)
    expect(stage.numbers()).toEqual(range(0, 6))
    await stage.streamedMinutes(3)
    expect(mode()).toBe('on trial')
    await stage.streamedMinutes(2)
    expect(mode()).toBe('streaming')
    const asked = stage.asked('fetchCandles')
    await stage.streamedMinutes(5)
    expect(stage.asked('fetchCandles')).toBe(asked)
    expect(stage.numbers()).toEqual(range(0, 16))
    expect(stage.context.logs.messages('info')).toContain('market stream is stable again')
  })

  it('by saying nothing is noticed, and its candles are asked for meanwhile', async () => {
    await start({ stream: { ...stream, silenceMaxMs: minute } })
    await stage.streamedMinutes(2)
    await stage.minutes(10)
    expect(stage.numbers()).toEqual(range(0, 12))
    const drops = await stage.context.metrics
      .getSingleMetric('flotilla_market_stream_drops_total')
      ?.get()
    expect(drops?.values[0]?.value).toBeGreaterThanOrEqual(3)
  })

  it('to open is polled around', async () => {
    stage.venue.openMarketStream = () => Promise.reject(new VenueError('unreachable', 'no'))
    await start()
    await stage.minutes(5)
    expect(stage.numbers()).toEqual(range(0, 5))
    expect(mode()).toBe('polling')
  })

  it('by a minute of silence is opened anew, and an event within the minute keeps it', async () => {
    const { clock } = stage.context
    let openings = 0
    const open = stage.venue.openMarketStream.bind(stage.venue)
    stage.venue.openMarketStream = (request, listener) => {
      openings += 1
      return open(request, listener)
    }
    await start()
    for (let told = 1; told <= 6; told += 1) {
      await clock.advance(55_000)
      stage.venue.setPrice('BTC/USDT', 50_000 + told)
      await stage.broker.idle()
    }
    expect([openings, mode()]).toEqual([1, 'streaming'])
    await clock.advance(60_000)
    expect(openings).toBe(1)
    await clock.advance(31_000)
    expect(openings).toBe(2)
  })

  it('to exist is told once, and the venue is polled', async () => {
    Object.defineProperty(stage.venue, 'openMarketStream', { value: undefined })
    await start()
    await stage.minutes(3)
    expect(stage.numbers()).toEqual(range(0, 3))
    expect(stage.context.logs.messages('warn')).toEqual([
      'venue has no stream with these settings, polling',
    ])
  })

  it('by refusing its key ends the source: neither it nor the venue is asked again', async () => {
    let openings = 0
    stage.venue.openMarketStream = () => {
      openings += 1
      return Promise.reject(new VenueError('unauthorized', 'code: 402 message: auth failed'))
    }
    await start()
    await stage.minutes(1)
    const asked = stage.venue.calls.length
    await stage.minutes(60)
    expect(openings).toBe(1)
    expect(stage.venue.calls).toHaveLength(asked)
    expect(stage.states().at(-1)).toMatchObject({ state: 'disabled' })
    expect(stage.context.logs.messages('error')).toEqual(['venue state changed'])
  })

  it('is closed with a refused key, and leaves nothing behind when the agent stops', async () => {
    await start()
    await stage.streamedMinutes(1)
    stage.venue.failReads('unauthorized', 1)
    await stage.minutes(11)
    expect(stage.venue.streams.count).toBe(0)
    expect(stage.states().at(-1)?.state).toBe('disabled')
    await stage.reload()
    await stage.minutes(1)
    expect(stage.venue.streams.count).toBe(1)
    await agentOf().stop()
    expect(stage.venue.streams.count).toBe(0)
    expect(stage.context.clock.waiting()).toBe(0)
  })
})

describe('the clocks of venue and machine', () => {
  it.each([-5 * minute, 7 * minute])(
    'may differ by %i ms: each candle comes when it has ended at the venue',
    async (skew) => {
      const ours = stage.context.clock
      const market = stage.venue.fetchCandles.bind(stage.venue)
      // The market of the stage runs by our clock; seen from the venue it is another moment.
      stage.venue.fetchTime = async () => ours.now() + skew
      const tickers = stage.venue.fetchTickers.bind(stage.venue)
      stage.venue.fetchTickers = async (symbols) => {
        const answer = await tickers(symbols)
        return answer.map((each) => ({ ...each, observedAt: each.observedAt + skew }))
      }
      stage.venue.fetchCandles = async (request) => {
        const answer = await market({ ...request, since: (request.since ?? 0) - skew })
        return answer.map((each) => ({
          ...each,
          openTime: each.openTime + skew,
          closeTime: each.closeTime + skew,
        }))
      }
      const agent = await stage.start()
      await stage.minutes(6)
      const offset = skew / minute
      expect(stage.numbers()).toEqual(range(offset, offset + 6))
      expect(agent.readiness().detail).toMatchObject({
        clockSkewMs: skew,
        symbols: { 'BTC/USDT': { stale: false } },
      })
      expect(stage.context.logs.messages('warn')).toEqual(['clocks of venue and machine differ'])
    },
  )

  it('agree within a moment: nobody is told', async () => {
    const ours = stage.context.clock
    stage.venue.fetchTime = async () => ours.now() + 900
    await stage.start()
    await stage.minutes(3)
    expect(stage.numbers().length).toBeGreaterThanOrEqual(2)
    expect(stage.context.logs.messages('warn')).toEqual([])
  })
})

describe('a venue with short pages', () => {
  const least = 300

  it('is walked to the present in one look, however much was missed', async () => {
    const fetch = stage.venue.fetchCandles.bind(stage.venue)
    stage.venue.fetchCandles = async (request) => (await fetch(request)).slice(0, least)
    await stage.start({ backoffMaximumMs: 5_000, historyCandles: 1_000 })
    stage.venue.failReads('unavailable', 10_000)
    await stage.minutes(700)
    stage.venue.failReads('unavailable', 1)
    await stage.minutes(1)
    await stage.minutes(1)
    expect(stage.numbers()).toEqual(range(0, 702))
  })

  it('fills a hole of the store that is longer than a page', async () => {
    const known = [candle(-1_000), candle(-1)]
    await stage.store.writeCandles(known.map((each) => ({ ...each, venue: 'simulator' })))
    stage.venue.fetchCandles = async ({ since = 0, limit = 500 }) => {
      const now = stage.context.clock.now()
      return range(-1_000, 60)
        .map((index) => candle(index))
        .filter(({ openTime, closeTime }) => openTime >= since && closeTime <= now)
        .slice(0, Math.min(limit, least))
    }
    await stage.start()
    await stage.minutes(1)
    expect(await stage.stored()).toEqual(range(-1_000, 1))
  })
})

describe('a correction that comes late', () => {
  const late = (index: number, close: number) => candle(index, { close: Decimal.from(close) })

  it('is found, stored and counted long after, and not sent again', async () => {
    await stage.start({ recheckMs: 20 * minute, recheckCandles: 60 })
    await stage.minutes(10)
    stage.damage = (answer) =>
      answer.map((each) => (each.openTime === candle(1).openTime ? late(1, 50_004) : each))
    await stage.minutes(30)
    expect(stage.numbers()).toEqual(range(0, 40))
    const [stored] = await stage.store.candles({
      venue: 'simulator',
      symbol: 'BTC/USDT',
      timeframe: '1m',
      from: candle(1).openTime,
      to: candle(2).openTime,
    })
    expect(stored?.close.toString()).toBe('50004')
    const counted = await stage.context.metrics
      .getSingleMetric('flotilla_candle_corrections_total')
      ?.get()
    expect(counted?.values[0]?.value).toBe(1)
  })

  it('from the time when nobody looked is found at the next start', async () => {
    const first = await stage.start()
    await stage.minutes(10)
    await first.stop()
    stage.damage = (answer) =>
      answer.map((each) => (each.openTime === candle(1).openTime ? late(1, 50_004) : each))
    await stage.start()
    await stage.minutes(1)
    const known = await stage.store.candles({
      venue: 'simulator',
      symbol: 'BTC/USDT',
      timeframe: '1m',
      from: candle(1).openTime,
      limit: 20,
    })
    expect(known[0]?.close.toString()).toBe('50004')
    expect(stage.numbers()).toEqual(range(0, 11))
  })
})

it('whatever happens to a stream on its way, what goes out and is stored is the clean sequence', async () => {
  const step = fc.record({
    fate: fc.constantFrom('told', 'lost', 'twice', 'late', 'forming', 'early'),
    drops: fc.boolean(),
    refuses: fc.boolean(),
    restarts: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const one = new Stage()
      await one.listen()
      const config = { stream: { ...stream, restMs: minute }, backoffMinimumMs: 1_000 }
      let life = await one.start(config)
      let late: number | null = null
      for (const [index, { fate, drops, refuses, restarts }] of steps.entries()) {
        if (refuses) one.venue.failReads('timeout', 1)
        await one.minutes(1)
        const told = late === null ? [] : [candle(late)]
        late = fate === 'late' ? index : null
        if (fate === 'told' || fate === 'twice') told.unshift(candle(index))
        if (fate === 'twice') told.push(candle(index))
        if (fate === 'forming') told.unshift(candle(index, { closed: false }))
        if (fate === 'early') told.unshift(candle(index + 1))
        one.venue.streams.tellCandles(told)
        if (drops) one.venue.streams.drop()
        await one.minutes(0)
        if (!restarts) continue
        await life.stop()
        life = await one.start(config)
      }
      // The last one is awaited from the stream for a while before it is asked for.
      await one.minutes(3)
      await one.minutes(0.5)
      expect(one.numbers()).toEqual(range(0, steps.length + 3))
      expect(await one.stored()).toEqual(range(-21, steps.length + 3))
      await one.end()
    }),
    { numRuns: 25, seed: propertySeed },
  )
})
