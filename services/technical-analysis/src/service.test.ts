import { SharedConfigSchema } from '@flotilla/fleet'
import { IndicatorSet, obv, vwap } from '@flotilla/indicators'
import { MarketStoreError } from '@flotilla/market-store'
import { Decimal } from '@flotilla/money'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agent as spec, readingIndicators } from './index.ts'
import { analysedCandle, candleMessage, epoch, minute, resampled, series } from './testing.ts'
import { furthestApart, numbersOf, Stage, uninterrupted } from './testing/stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = new Stage()
  await stage.listen()
})
afterEach(() => stage.end())

describe('technical analysis', () => {
  it('warms up from the store with the first candle, and says one thing per candle', async () => {
    await stage.keep(-600, 0)
    await stage.start()
    await stage.tell(...numbersOf(0, 5).map((index) => candleMessage(index)))
    expect(stage.numbers()).toEqual(numbersOf(0, 5))
    expect(stage.heard[4]?.payload.score).not.toBeNull()
    expect(furthestApart(stage.heard[4]!.payload.indicators, uninterrupted(-600, 5))).toBeLessThan(
      1e-6,
    )
  })

  it('says whose candle it was, and whether that is the newest', async () => {
    await stage.start()
    const [first, second] = [candleMessage(0, 'backfill'), candleMessage(1)]
    await stage.tell(first, second)
    expect(stage.heard.map(({ causationId, payload }) => [causationId, payload.origin])).toEqual([
      [first.messageId, 'backfill'],
      [second.messageId, 'live'],
    ])
  })

  it('a candle that comes again is passed over', async () => {
    await stage.start()
    await stage.tell(...[0, 1, 1, 0, 2].map((index) => candleMessage(index)))
    expect(stage.numbers()).toEqual([0, 1, 2])
    expect(await metric('flotilla_analysis_candles_known_total')).toBe(2)
  })

  it('a message that was dropped is made up for from the store, in order', async () => {
    await stage.start()
    await stage.tell(candleMessage(0))
    await stage.keep(0, 4)
    await stage.tell(candleMessage(4))
    expect(stage.numbers()).toEqual([0, 1, 2, 3, 4])
    expect(stage.heard.map(({ payload }) => payload.origin)).toEqual([
      'live',
      'backfill',
      'backfill',
      'backfill',
      'live',
    ])
    expect(stage.context.logs.messages('warn')).toEqual([])
  })

  it('a missing candle that is on its way into the store is waited for', async () => {
    await stage.start({ refillAttempts: 100 })
    await stage.tell(candleMessage(0))
    const read = stage.store.candles.bind(stage.store)
    let asked = 0
    stage.store.candles = async (request) => {
      asked += 1
      if (asked === 3) await stage.keep(1, 2)
      return read(request)
    }
    await stage.tell(candleMessage(2))
    expect(stage.numbers()).toEqual([0, 1, 2])
  })

  it('a candle that is nowhere is done without, and counted', async () => {
    await stage.start()
    await stage.tell(candleMessage(0))
    await stage.keep(0, 3)
    await stage.tell(candleMessage(5))
    expect(stage.numbers()).toEqual([0, 1, 2, 5])
    expect(await metric('flotilla_analysis_candles_missing_total')).toBe(2)
    await stage.tell(candleMessage(6))
    expect(stage.numbers().at(-1)).toBe(6)
  })

  it('values are stored under the names that the message has', async () => {
    await stage.keep(-600, 0)
    const agent = await stage.start({ indicators: ['bollinger(20,2)'] })
    await stage.tell(candleMessage(0))
    await agent.stop()
    const { indicators } = stage.heard[0]!.payload
    expect(Object.keys(indicators)).toContain('bollinger(20,2).upper')
    for (const [name, value] of Object.entries(indicators)) {
      const stored = await stage.store.lastIndicator({ ...series, name })
      expect(stored).toMatchObject({ value, at: epoch + 60_000 })
    }
  })
})

describe('restarts', () => {
  it('what closed meanwhile is told with the next candle, with the values of one long run', async () => {
    await stage.keep(-600, 0)
    const first = await stage.start()
    await stage.tell(candleMessage(0), candleMessage(1))
    await first.stop()
    await stage.keep(0, 5)
    await stage.start()
    await stage.tell(candleMessage(5))
    expect(stage.numbers()).toEqual(numbersOf(0, 6))
    expect(stage.heard.map(({ payload }) => payload.origin)).toEqual([
      'live',
      'live',
      ...numbersOf(0, 3).map(() => 'backfill'),
      'live',
    ])
    expect(furthestApart(stage.heard[5]!.payload.indicators, uninterrupted(-600, 6))).toBeLessThan(
      1e-6,
    )
  })

  it('a level that counts from the beginning goes on where it was', async () => {
    await stage.keep(-600, 0)
    const config = { indicators: ['obv', 'vwap'], storeIndicators: 'volatility' }
    const first = await stage.start(config)
    await stage.tell(candleMessage(0), candleMessage(1))
    await first.stop()
    await stage.keep(0, 2)
    await stage.start(config)
    await stage.tell(candleMessage(2))
    const set = new IndicatorSet([obv(), vwap()])
    const [before, , after] = stage.heard.map(({ payload }) => payload.indicators['obv'] as number)
    for (const index of numbersOf(0, 3)) set.update(analysedCandle(index))
    const counted = set.get('obv') - analysedCandle(0).volume
    expect(after! - before!).toBe(counted)
    expect(stage.heard[2]!.payload.indicators['vwap']).toBe(set.get('vwap'))
  })

  it('what was told and not noted is told again under the same id', async () => {
    await stage.keep(-600, 0)
    const first = await stage.start()
    await stage.tell(candleMessage(0))
    await first.stop()
    stage.store.writeIndicators = () => Promise.resolve()
    const second = await stage.start()
    await stage.tell(candleMessage(1))
    await stage.keep(0, 2)
    await second.stop()
    await stage.start()
    await stage.tell(candleMessage(2))
    expect(stage.numbers()).toEqual([0, 1, 1, 2])
    expect(stage.heard[1]?.messageId).toBe(stage.heard[2]?.messageId)
  })

  it('without the store it starts cold, and warms up when the store is back', async () => {
    await stage.keep(-600, 3)
    const read = stage.store.candles.bind(stage.store)
    stage.store.candles = () => Promise.reject(new MarketStoreError('away'))
    await stage.start()
    await stage.tell(candleMessage(0), candleMessage(1))
    expect(stage.heard.at(-1)?.payload).toMatchObject({ indicators: {}, score: null })
    stage.store.candles = read
    await stage.tell(candleMessage(2))
    expect(stage.numbers()).toEqual([0, 1, 2])
    expect(furthestApart(stage.heard[2]!.payload.indicators, uninterrupted(-600, 3))).toBeLessThan(
      1e-6,
    )
  })

  it('a history that comes into the store after the start still warms it', async () => {
    await stage.keep(-20, 0)
    const first = await stage.start()
    await stage.tell(candleMessage(0))
    await stage.keep(0, 1)
    await first.stop()
    await stage.start()
    await stage.tell(candleMessage(1))
    expect(stage.heard.at(-1)?.payload.score).toBeNull()
    // Older ones come first, and what was told last is on its way into the store for a while.
    await stage.keep(-600, -20)
    await stage.tell(candleMessage(2))
    await stage.keep(1, 3)
    await stage.tell(candleMessage(3))
    expect(stage.numbers()).toEqual([0, 1, 2, 3])
    const last = stage.heard.at(-1)?.payload.indicators ?? {}
    expect(furthestApart(last, uninterrupted(-600, 4))).toBeLessThan(1e-6)
  })

  it('when publishing fails the candle is taken again', async () => {
    await stage.keep(-600, 0)
    const bus = stage.broker.connect()
    const publish = bus.publish.bind(bus)
    let failures = 1
    bus.publish = (message) => {
      failures -= 1
      return failures >= 0 ? Promise.reject(new Error('the bus is away')) : publish(message)
    }
    stage.broker.connect = () => bus
    await stage.start()
    await stage.tell(candleMessage(0), candleMessage(1))
    expect(stage.numbers()).toEqual([0, 1])
    expect(furthestApart(stage.heard[1]!.payload.indicators, uninterrupted(-600, 2))).toBeLessThan(
      1e-6,
    )
  })
})

describe('higher timeframes', () => {
  const config = { timeframes: ['5m', '15m'] }
  const five = 5 * minute

  /** Of the candles of these minutes, in candles of five. */
  function higher(from: number, to: number): Record<string, number> {
    const set = new IndicatorSet(readingIndicators, five)
    for (const candle of resampled(numbersOf(from, to).map(analysedCandle), 5)) set.update(candle)
    return Object.fromEntries(set.names.map((name) => [name, set.get(name)] as const))
  }

  it('are analysed as if their candles came from the venue, and told after the base candle', async () => {
    await stage.keep(-600, 0)
    await stage.start(config)
    await stage.tell(...numbersOf(0, 15).map((index) => candleMessage(index)))
    expect(stage.heard.slice(-3).map(({ payload }) => payload.timeframe)).toEqual([
      '1m',
      '5m',
      '15m',
    ])
    expect(stage.numbers('5m')).toEqual([0, 5, 10])
    expect(stage.numbers('15m')).toEqual([0])
    const last = stage.of('5m')[2]!
    expect(last.payload).toMatchObject({
      close: analysedCandle(14).closeText,
      candleCloseTime: new Date(epoch + 15 * minute).toISOString(),
      origin: 'live',
    })
    expect(furthestApart(last.payload.indicators, higher(-600, 15))).toBeLessThan(1e-6)
    expect(last.causationId).toBe(candleMessage(14).messageId)
    expect(new Set(stage.heard.map(({ messageId }) => messageId)).size).toBe(stage.heard.length)
  })

  it('go on after a restart within a candle, under the ids of one long life', async () => {
    await stage.keep(-600, 0)
    const first = await stage.start(config)
    await stage.tell(...numbersOf(0, 3).map((index) => candleMessage(index)))
    await first.stop()
    await stage.keep(0, 6)
    await stage.start(config)
    await stage.tell(...numbersOf(6, 10).map((index) => candleMessage(index)))
    expect(stage.numbers()).toEqual(numbersOf(0, 10))
    expect(stage.numbers('5m')).toEqual([0, 5])
    const [missed, live] = stage.of('5m')
    expect([missed?.payload.origin, live?.payload.origin]).toEqual(['backfill', 'live'])
    expect(furthestApart(live!.payload.indicators, higher(-600, 10))).toBeLessThan(1e-6)
    const alone = new Stage()
    await alone.listen()
    await alone.keep(-600, 0)
    await alone.start(config)
    await alone.tell(...numbersOf(0, 10).map((index) => candleMessage(index)))
    expect(alone.of('5m').map(({ messageId }) => messageId)).toEqual([
      missed?.messageId,
      live?.messageId,
    ])
    await alone.end()
  })

  it('a base candle that is nowhere is done without, and counted', async () => {
    await stage.start(config)
    await stage.keep(0, 3)
    await stage.tell(...[0, 1, 2, 4].map((index) => candleMessage(index)))
    expect(stage.numbers('5m')).toEqual([0])
    expect(await metric('flotilla_analysis_candles_incomplete_total')).toBe(1)
  })

  it('a candle whose end went missing is told with the next one, and is no news', async () => {
    await stage.start(config)
    await stage.tell(...[0, 1, 2, 7].map((index) => candleMessage(index)))
    expect(stage.of('5m').map(({ payload: { close, origin } }) => ({ close, origin }))).toEqual([
      { close: analysedCandle(2).closeText, origin: 'backfill' },
    ])
  })

  it('a late or corrected base candle counts as long as the candle is not over', async () => {
    await stage.start({ timeframes: ['5m'], indicators: ['donchian(1)'], refillAttempts: 1 })
    const messages = [
      ...[0, 1, 3].map((index) => candleMessage(index)),
      candleMessage(2),
      candleMessage(1, 'live', { high: Decimal.from(60_000) }),
      candleMessage(4),
      candleMessage(0, 'live', { high: Decimal.from(70_000) }),
    ]
    await stage.tell(...messages)
    const [told] = stage.of('5m')
    const [plain] = resampled(numbersOf(0, 5).map(analysedCandle), 5)
    expect(stage.of('5m')).toHaveLength(1)
    expect(told?.payload.indicators).toMatchObject({
      'donchian(1).upper': 60_000,
      'donchian(1).lower': plain?.low,
    })
    expect(await metric('flotilla_analysis_candles_corrected_total')).toBe(2)
  })

  it('must be made of whole base candles', () => {
    expect(() =>
      spec.create({
        config: spec.config.parse({ timeframes: ['5m'] }),
        shared: SharedConfigSchema.parse({ timeframe: '3m' }),
        context: stage.context,
        bus: stage.broker.connect(),
        marketStore: stage.store,
        folder: '',
      }),
    ).toThrow(/5m cannot be built from those of 3m/)
  })
})

it('when publishing fails in the middle of catching up, nothing is left out', async () => {
  await stage.keep(-600, 0)
  const bus = stage.broker.connect()
  const publish = bus.publish.bind(bus)
  let [sent, failures] = [0, 3]
  bus.publish = (message) => {
    sent += 1
    if (sent % 3 !== 0 || failures === 0) return publish(message)
    failures -= 1
    return Promise.reject(new Error('the bus is away'))
  }
  stage.broker.connect = () => bus
  await stage.start()
  await stage.tell(candleMessage(0))
  await stage.keep(0, 7)
  await stage.tell(candleMessage(7))
  expect([...new Set(stage.numbers())].toSorted((left, right) => left - right)).toEqual(
    numbersOf(0, 8),
  )
  expect(new Set(stage.heard.map(({ messageId }) => messageId)).size).toBe(8)
  const last = stage.heard.at(-1)!
  expect(furthestApart(last.payload.indicators, uninterrupted(-600, 8))).toBeLessThan(1e-6)
})

it('dropped, repeated and late messages and restarts change nothing that is said', async () => {
  const fate = fc.record({
    dropped: fc.boolean(),
    repeated: fc.boolean(),
    late: fc.boolean(),
    restart: fc.boolean(),
  })
  const clean = numbersOf(0, 17).map((index) => uninterrupted(-600, index + 1))
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 15 }), async (fates) => {
      const one = new Stage()
      await one.listen()
      await one.keep(-600, 0)
      let life = await one.start()
      await one.tell(candleMessage(0))
      await one.keep(0, 1)
      for (const [at, { dropped, repeated, late, restart }] of fates.entries()) {
        const index = at + 1
        if (!dropped) await one.tell(candleMessage(index))
        if (repeated) await one.tell(candleMessage(index))
        if (late) await one.tell(candleMessage(Math.max(0, index - 2)))
        await one.keep(index, index + 1)
        if (!restart) continue
        await life.stop()
        life = await one.start()
      }
      await one.tell(candleMessage(fates.length + 1))
      expect(one.numbers()).toEqual(numbersOf(0, fates.length + 2))
      for (const [index, { payload }] of one.heard.entries()) {
        expect(furthestApart(payload.indicators, clean[index]!)).toBeLessThan(1e-6)
      }
      await one.end()
    }),
    { numRuns: 15, seed: propertySeed },
  )
})

it.each([
  [{ indicators: ['trix(3)'] }, /no indicator; known: sma/],
  [{ indicators: ['ema(0)'] }, /whole number/],
  [{ indicatrs: [] }, /indicatrs/],
  [{ timeframes: ['7m'] }, /timeframes/],
  [{ partitions: [9] }, /partitions/],
])('the configuration %o is refused with a reason', (config, reason) => {
  expect(() => spec.config.parse(config)).toThrow(reason)
})

async function metric(name: string): Promise<number | undefined> {
  const values = await stage.context.metrics.getSingleMetric(name)?.get()
  return values?.values[0]?.value
}
