// A fleet that has never run: what the venue remembers reaches the indicators by way of data-collection and
// the market store before the first live candle does, so that its signal is a whole one.
import { ack, createMemoryBroker } from '@flotilla/bus'
import type { MessageOfType } from '@flotilla/contracts'
import { createSimulator } from '@flotilla/exchange-simulator'
import { SharedConfigSchema } from '@flotilla/fleet'
import { openSqliteMarketStore } from '@flotilla/market-store'
import { createScaledClock } from '@flotilla/runtime'
import { createTestContext } from '@flotilla/runtime/testing'
import { agent as analysis } from '@flotilla/technical-analysis'
import { afterEach, expect, it } from 'vitest'
import { watchMarket } from '../support/market-watch.ts'

type Signals = MessageOfType<'analysis.signals.computed.v1'>['payload']

const startAt = Date.UTC(2026, 0, 5)
const symbol = 'BTC/USDT'
const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** Analysis starts first, on an empty store, as it may where each agent is a process. */
async function freshFleet({ speed, data }: { speed: number; data?: object }, section: object) {
  const limits = { weightPerMinute: 1_000_000 }
  const market = createSimulator({ config: { speed, startAt, limits }, folder: null })
  await market.start()
  ends.push(() => market.stop())
  const broker = createMemoryBroker()
  const store = openSqliteMarketStore({ file: ':memory:' })
  ends.push(() => store.close())
  const heard: Signals[] = []
  await broker.connect().subscribe({
    agent: 'strategy',
    types: ['analysis.signals.computed.v1'],
    handler: async ({ message }) => {
      if (message.type === 'analysis.signals.computed.v1') heard.push(message.payload)
      return ack
    },
  })
  const agent = analysis.create({
    config: analysis.config.parse(section),
    shared: SharedConfigSchema.parse({ symbols: [symbol] }),
    context: createTestContext('technical-analysis'),
    bus: broker.connect(),
    marketStore: store,
    folder: '',
  })
  await agent.start()
  ends.push(() => agent.stop())
  const clock = createScaledClock(market.anchor())
  const context = { ...createTestContext('data-collection'), clock }
  const watch = await watchMarket({
    context,
    url: market.url,
    ...(data === undefined ? {} : { data }),
    shared: { symbols: [symbol] },
    broker,
    store,
  })
  ends.push(() => watch.stop())
  return {
    /** Resolves with the first signal of the timeframe, whenever the market comes to it. */
    first: async (timeframe: string): Promise<Signals> => {
      const find = () => heard.find((each) => each.timeframe === timeframe)
      await expect.poll(find, { timeout: 60_000 }).toBeDefined()
      return find()!
    },
  }
}

const patience = { timeout: 120_000 }
const known = expect.any(Number) as number

it('the first live candle of a fresh fleet is told with every indicator', patience, async () => {
  const fleet = await freshFleet({ speed: 600 }, { timeframes: ['15m'], indicators: ['sma(200)'] })
  const base = await fleet.first('1m')
  expect(base).toMatchObject({ symbol, score: known, indicators: { 'sma(200)': known } })
  expect(await fleet.first('15m')).toMatchObject({ symbol, score: known })
})

it('with too little history only what can be known is told', patience, async () => {
  // Slow enough that the market does not get on while its history is asked for.
  const slow = { speed: 60, data: { historyCandles: 20 } }
  const fleet = await freshFleet(slow, { indicators: ['sma(200)'] })
  const { score, indicators } = await fleet.first('1m')
  expect([score, indicators['atr(14)'], indicators['sma(200)']]).toEqual([null, known, undefined])
})
