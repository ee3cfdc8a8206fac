// Two venues at once over the wire of two simulators, one of which refuses our key; and a week of the seeded
// market, in which the universe must not flap.
import { createSimulator } from '@flotilla/exchange-simulator'
import type { Simulator } from '@flotilla/exchange-simulator'
import { simulatorKeys } from '@flotilla/fleet'
import { createTestContext } from '@flotilla/runtime/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { setFault, watchMarket } from '../support/market-watch.ts'
import type { MarketWatch } from '../support/market-watch.ts'

const startAt = Date.UTC(2026, 0, 5)
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const simulators: Simulator[] = []
const watches: MarketWatch[] = []
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.stop()))
  await Promise.all(simulators.splice(0).map((simulator) => simulator.stop()))
})

async function simulator(config: object = {}): Promise<Simulator> {
  const limits = { weightPerMinute: 1_000_000 }
  const fixed = { clock: 'manual', startAt, limits, control: { enabled: true } } as const
  const opened = createSimulator({ config: { ...fixed, ...config }, folder: null })
  await opened.start()
  simulators.push(opened)
  return opened
}

/** Lets the same time pass everywhere. */
async function pass(ms: number, watch: MarketWatch, context: Context): Promise<void> {
  for (const each of simulators) each.advanceTo(each.now() + ms)
  await context.clock.advance(ms)
  await watch.idle()
}
type Context = ReturnType<typeof createTestContext>

/** A delay of nothing strikes every request, and is counted where they arrive. */
async function countRequests({ controlUrl }: Simulator): Promise<() => Promise<number>> {
  await setFault(controlUrl, { kind: 'F8', args: { ms: 0 } })
  return async () => {
    const answer = await fetch(`${controlUrl ?? ''}/__sim/faults`)
    const { faults } = (await answer.json()) as { faults: { kind: string; hits: number }[] }
    return faults.find(({ kind }) => kind === 'F8')?.hits ?? Number.NaN
  }
}

describe('a venue that refuses our key', () => {
  it('is told once and asked nothing more, while the other venue goes on', async () => {
    const [traded, refusing] = [await simulator(), await simulator({ apiKey: 'otherKey' })]
    const requests = await countRequests(refusing)
    const context = createTestContext('data-collection', { now: startAt })
    const source = { kind: 'simulator', url: refusing.url, symbols: ['ETH/USDT'], ...simulatorKeys }
    const settings = (second: object) => ({
      data: { historyCandles: 10, settleMs: 0, sources: { second } },
      shared: { symbols: ['BTC/USDT'] },
    })
    const watch = await watchMarket({ context, url: traded.url, ...settings(source) })
    watches.push(watch)
    for (let passed = 0; passed < 3; passed += 1) await pass(minute, watch, context)
    const asked = await requests()
    expect(asked).toBeGreaterThan(0)

    for (let passed = 0; passed < 60; passed += 1) await pass(minute, watch, context)
    expect(await requests()).toBe(asked)
    const states = watch.heard.flatMap((each) =>
      each.type === 'market.source.state-changed.v1' && each.payload.source === 'second'
        ? [each.payload]
        : [],
    )
    expect(states.filter(({ symbol }) => symbol === undefined)).toEqual([
      {
        source: 'second',
        state: 'disabled',
        reason: expect.stringMatching(/unauthorized/) as string,
        fix: expect.stringMatching(/data\.sources\.second\.apiKey.*other sources/) as string,
      },
    ])
    const errors = context.logs.messages('error').filter((line) => line !== 'market data is stale')
    expect(errors).toEqual(['venue state changed'])
    expect(watch.candles('BTC/USDT').length).toBeGreaterThanOrEqual(62)
    expect(watch.candles('ETH/USDT')).toEqual([])
    expect(watch.agent.readiness().ready).toBe(true)

    // The same key again, twice, and then one that is good.
    for (let reloads = 0; reloads < 2; reloads += 1) {
      await watch.reload()
      for (let passed = 0; passed < 10; passed += 1) await pass(minute, watch, context)
    }
    expect(await requests()).toBe(asked)
    await watch.reload(settings({ ...source, apiKey: 'otherKey' }))
    for (let passed = 0; passed < 3; passed += 1) await pass(minute, watch, context)
    expect(await requests()).toBeGreaterThan(asked)
    expect(watch.candles('ETH/USDT').length).toBeGreaterThan(0)
  }, 120_000)
})

describe('the universe over a simulated week', () => {
  /** Limits in the midst of what each symbol trades, and nobody is forced in: the hardest case. */
  const limits: Readonly<Record<string, number>> = {
    'BTC/USDT': 1_160_000_000,
    'ETH/USDT': 840_000_000,
    'SOL/USDT': 600_000_000,
  }
  const tier = (symbol: string) => ({ symbols: [symbol], quoteVolume24hMin: limits[symbol] })
  const universe = {
    forceEligible: [],
    tiers: { core: tier('BTC/USDT'), rotational: tier('ETH/USDT'), event: tier('SOL/USDT') },
  }

  /** How often a row of answers turns to its opposite. */
  const turns = (row: readonly boolean[]): number =>
    row.filter((each, index) => index > 0 && each !== row[index - 1]).length

  it('does not flap although volumes cross the limits again and again', async () => {
    const market = await simulator()
    market.advanceTo(startAt + 2 * day)
    const context = createTestContext('data-collection', { now: startAt + 2 * day })
    const watch = await watchMarket({
      context,
      url: market.url,
      data: { historyCandles: 2, settleMs: 0, orderBookDepth: 0, pollIntervalMs: hour, universe },
      shared: { timeframe: '1h' },
    })
    watches.push(watch)
    for (let hours = 0; hours < 7 * 24; hours += 1) await pass(hour, watch, context)

    let crossings = 0
    for (const [symbol, limit] of Object.entries(limits)) {
      const above = watch.heard.flatMap((each) =>
        each.type === 'market.ticker.updated.v1' && each.payload.symbol === symbol
          ? [Number(each.payload.quoteVolume24h) >= limit]
          : [],
      )
      expect(above.length).toBeGreaterThan(160)
      crossings += turns(above)
      const eligible = watch.heard.flatMap((each) => {
        if (each.type !== 'market.universe.changed.v1') return []
        return each.payload.symbols.filter((one) => one.symbol === symbol)
      })
      // In at the first moment that allows it, and never out again.
      expect(turns(eligible.map((one) => one.eligible))).toBeLessThanOrEqual(1)
      expect(eligible.at(-1)).toMatchObject({ eligible: true, reason: 'liquid' })
      expect(eligible.length).toBeGreaterThan(160)
    }
    expect(crossings).toBeGreaterThan(10)
  }, 240_000)
})
