import { ack, createMemoryBroker } from '@flotilla/bus'
import { epochMs } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Agent } from '@flotilla/fleet'
import { IndicatorSet, obv, vwap } from '@flotilla/indicators'
import { MarketStoreError, openSqliteMarketStore } from '@flotilla/market-store'
import { createTestContext } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agent as spec, readingIndicators } from './index.ts'
import { analysedCandle, candleMessage, epoch, indexOf, series, storedCandle } from './testing.ts'

type Signals = MessageOfType<'analysis.signals.computed.v1'>

/** A store and a bus that outlive the agent; candles are stored before or after they are told. */
class Stage {
  readonly context = createTestContext('technical-analysis', { now: epoch })
  readonly store = openSqliteMarketStore({ file: ':memory:' })
  readonly broker = createMemoryBroker({ redelivery: { retryDelayMs: 1, retryDelayMsMax: 1 } })
  readonly heard: Signals[] = []
  readonly #outside = this.broker.connect()
  readonly #lives: Agent[] = []

  async listen(): Promise<void> {
    await this.#outside.subscribe({
      agent: 'strategy',
      types: ['analysis.signals.computed.v1'],
      handler: async ({ message }) => {
        this.heard.push(message as Signals)
        return ack
      },
    })
  }

  async start(config: object = {}): Promise<Agent> {
    const agent = spec.create({
      config: spec.config.parse({ refillPauseMs: 1, indicators: [], ...config }),
      shared: SharedConfigSchema.parse({ symbols: ['BTC/USDT'] }),
      context: this.context,
      bus: this.broker.connect(),
      marketStore: this.store,
      folder: '',
    })
    this.#lives.push(agent)
    await agent.start()
    return agent
  }

  async keep(from: number, to: number): Promise<void> {
    await this.store.writeCandles(numbersOf(from, to).map(storedCandle))
  }

  async tell(...messages: readonly AnyMessage[]): Promise<void> {
    for (const message of messages) await this.#outside.publish(message)
    await this.broker.idle()
  }

  numbers(): number[] {
    return this.heard.map(({ payload }) => indexOf(epochMs(payload.candleOpenTime)))
  }

  async end(): Promise<void> {
    for (const agent of this.#lives) await agent.stop()
    await this.#outside.close()
    await this.store.close()
  }
}

const numbersOf = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)

/** What an analysis that saw every candle from `from` on says of the candle before `to`. */
function uninterrupted(from: number, to: number): Record<string, number> {
  const set = new IndicatorSet(readingIndicators)
  for (const index of numbersOf(from, to)) {
    set.update(analysedCandle(index))
  }
  const values = set.names.map((name, at) => [name, set.values[at] as number] as const)
  return Object.fromEntries(values.filter(([, value]) => !Number.isNaN(value)))
}

function furthestApart(left: Record<string, number>, right: Record<string, number>): number {
  expect(Object.keys(left)).toEqual(Object.keys(right))
  return Math.max(...Object.entries(left).map(([name, value]) => Math.abs(value - right[name]!)))
}

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
    { numRuns: 15 },
  )
})

it.each([
  [{ indicators: ['vwma(3)'] }, /no indicator; known: sma/],
  [{ indicators: ['ema(0)'] }, /whole number/],
  [{ indicatrs: [] }, /indicatrs/],
])('the configuration %o is refused with a reason', (config, reason) => {
  expect(() => spec.config.parse(config)).toThrow(reason)
})

async function metric(name: string): Promise<number | undefined> {
  const values = await stage.context.metrics.getSingleMetric(name)?.get()
  return values?.values[0]?.value
}
