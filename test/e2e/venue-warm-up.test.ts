// Analysis warms up from the venue when the market store is no help: it asks over the bus, and data-collection, on the
// wire of a simulator, answers with what the venue has.
import { createMemoryBroker } from '@flotilla/bus'
import type { MemoryBroker } from '@flotilla/bus'
import { createMessage, IndicatorsRequested } from '@flotilla/contracts'
import type { MessageOfType } from '@flotilla/contracts'
import { createSimulator } from '@flotilla/exchange-simulator'
import type { Simulator } from '@flotilla/exchange-simulator'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Agent } from '@flotilla/fleet'
import { MarketStoreError, openSqliteMarketStore } from '@flotilla/market-store'
import type { MarketStore } from '@flotilla/market-store'
import { createTestContext } from '@flotilla/runtime/testing'
import { agent as analysis } from '@flotilla/technical-analysis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { watchMarket } from '../support/market-watch.ts'
import type { MarketWatch } from '../support/market-watch.ts'

const minute = 60_000
const startAt = Date.UTC(2026, 0, 5)
const begin = startAt + 24 * 60 * minute
const patience = { timeout: 30_000, interval: 5 }
/** Longer than what data-collection puts into the store by itself here. */
const longest = 120
const indicators = [`sma(${String(longest)})`]
const kept = 20

type Signals = MessageOfType<'analysis.signals.computed.v1'>['payload']

let simulator: Simulator
let broker: MemoryBroker
let store: MarketStore
let watch: MarketWatch | null = null
const agents: Agent[] = []
const heard: Signals[] = []
const context = () => createTestContext('data-collection', { now: begin })
let clocks: ReturnType<typeof context>[] = []

beforeEach(async () => {
  const limits = { weightPerMinute: 1_000_000 }
  const config = { clock: 'manual', startAt, limits } as const
  simulator = createSimulator({ config, folder: null })
  await simulator.start()
  simulator.advanceTo(begin)
  broker = createMemoryBroker()
  store = openSqliteMarketStore({ file: ':memory:' })
  heard.length = 0
  clocks = []
  await broker.connect().subscribe({
    agent: 'strategy',
    types: ['analysis.signals.computed.v1'],
    handler: async ({ message }) => {
      heard.push((message as MessageOfType<'analysis.signals.computed.v1'>).payload)
      return { kind: 'ack' }
    },
  })
})
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop()
  await watch?.stop()
  await store.close()
  await simulator.stop()
})

async function collect(symbols: readonly string[] = ['BTC/USDT']): Promise<void> {
  clocks.push(context())
  watch = await watchMarket({
    context: clocks.at(-1)!,
    url: simulator.url,
    broker,
    store,
    data: { historyCandles: kept, settleMs: 0, pollIntervalMs: minute },
    shared: { symbols },
  })
}

async function analyse(marketStore: MarketStore, config: object = { indicators }): Promise<Agent> {
  clocks.push(context())
  const agent = analysis.create({
    config: analysis.config.parse({ refillPauseMs: 1, ...config }),
    shared: SharedConfigSchema.parse({ symbols: ['BTC/USDT'] }),
    context: clocks.at(-1)!,
    bus: broker.connect(),
    marketStore,
    folder: '',
  })
  agents.push(agent)
  await agent.start()
  return agent
}

async function minutes(count: number): Promise<void> {
  for (let passed = 0; passed < count; passed += 1) {
    simulator.advanceTo(simulator.now() + minute)
    for (const { clock } of clocks) await clock.advance(minute)
    await broker.idle()
  }
}

/** Candles until data-collection has answered, and the one after that. */
async function answered(): Promise<void> {
  const provided = () => clocks[0]!.logs.messages('info').includes('history provided')
  await minutes(2)
  await expect.poll(provided, patience).toBe(true)
  await broker.idle()
  await minutes(1)
}

/** The store is away for whoever reads it through this. */
function away(): MarketStore {
  const fails = () => Promise.reject(new MarketStoreError('the store is away'))
  return new Proxy(store, {
    get: (target, name: keyof MarketStore) => {
      if (['candles', 'lastIndicator', 'lastCandle'].includes(name)) return fails
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** The mean of the closes that the venue itself has. */
async function meanAtVenue({ symbol, candleOpenTime }: Signals): Promise<number> {
  const last = Date.parse(candleOpenTime)
  const since = last - (longest - 1) * minute
  const candles = await watch!.venue.fetchCandles({
    symbol,
    timeframe: '1m',
    since,
    limit: longest,
  })
  return candles.reduce((sum, { close }) => sum + close.toNumber(), 0) / longest
}

async function expectWarm(symbol = 'BTC/USDT'): Promise<void> {
  const signals = heard.filter((each) => each.symbol === symbol).at(-1)!
  expect(signals.indicators[indicators[0]!]).toBeCloseTo(await meanAtVenue(signals), 6)
}

const times = (symbol = 'BTC/USDT') =>
  heard.filter((each) => each.symbol === symbol).map(({ candleOpenTime }) => candleOpenTime)

describe('analysis is warm with the candle after the answer', () => {
  it('with the store away at its start and after', async () => {
    await collect()
    await analyse(away())
    await answered()
    await expectWarm()
    await minutes(3)
    await expectWarm()
    expect(times()).toHaveLength(6)
    expect(new Set(times()).size).toBe(6)
  })

  it('with too few candles in the store', async () => {
    await collect()
    await analyse(store)
    await answered()
    await expectWarm()
    expect(times()).toHaveLength(3)
    // What the venue gave is in the store for the next start.
    await store.flush()
    const stored = await store.candles({ venue: 'simulator', symbol: 'BTC/USDT', timeframe: '1m' })
    expect(stored.length).toBeGreaterThanOrEqual(longest)
  })

  it('with an empty store of its own', async () => {
    await collect()
    const empty = openSqliteMarketStore({ file: ':memory:' })
    await analyse(empty)
    await answered()
    await expectWarm()
    await empty.close()
  })

  it('for a symbol that joins while the store is away', async () => {
    await collect(['BTC/USDT', 'ETH/USDT'])
    await analyse(away())
    await answered()
    await expectWarm('ETH/USDT')
  })

  it('for an indicator that a strategy asks for while it runs', async () => {
    await collect()
    await analyse(store, { indicators: ['sma(10)'] })
    await minutes(3)
    expect(times()).toHaveLength(3)
    const message = createMessage(IndicatorsRequested, {
      source: 'strategy',
      occurredAt: 0,
      discriminator: 'loaded anew',
      payload: { venue: 'simulator', symbol: 'BTC/USDT', timeframe: '1m', indicators },
    })
    await broker.connect().publish(message)
    await broker.idle()
    await answered()
    await expectWarm()
    expect(times()).toHaveLength(6)
    expect(new Set(times()).size).toBe(6)
  })

  it('after a restart with an indicator that looks back further', async () => {
    await collect()
    const first = await analyse(store, { indicators: ['sma(10)'] })
    await minutes(3)
    await first.stop()
    agents.length = 0
    await minutes(1)
    heard.length = 0
    await analyse(store)
    await answered()
    await expectWarm()
    // Nothing that closed meanwhile is skipped or told twice.
    expect(times()).toHaveLength(4)
    expect(new Set(times()).size).toBe(4)
  })
})

it('a market that the venue has no more of is asked for once, and analysed with what there is', async () => {
  await collect()
  await analyse(store, { indicators: ['sma(9000)'] })
  await minutes(12)
  expect(times()).toHaveLength(12)
  const told = clocks[0]!.logs.messages('info')
  expect(told.filter((each) => each === 'history provided')).toHaveLength(1)
})
