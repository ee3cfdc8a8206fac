// A strategy file that is saved while its agent runs, as an author does it.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ack, createMemoryBroker } from '@flotilla/bus'
import type { MemoryBroker } from '@flotilla/bus'
import type { MessageOfType } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import { createMemoryLedger } from '@flotilla/ledger'
import { createTestContext } from '@flotilla/runtime/testing'
import type { TestContext } from '@flotilla/runtime/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { StrategyConfig } from './config.ts'
import { StrategyAgent } from './service.ts'
import { denied, epoch, minute, signals } from './testing.ts'

const kit = new URL('../../../packages/strategy-kit/src/index.ts', import.meta.url).href

const indicators = new URL('../../../packages/indicators/src/index.ts', import.meta.url).href

/** A strategy that counts candles and enters at each, saying its version. */
type Details = { readonly state?: string; readonly parameters?: string; readonly needs?: string }
const textOf = (version: string, details: Details = {}): string => `
import { z } from ${JSON.stringify(import.meta.resolve('zod'))}
import { defineStrategy } from ${JSON.stringify(kit)}
import { sma } from ${JSON.stringify(indicators)}
export const reloaded = defineStrategy({
  name: 'rsi-reversion',
  summary: 'Enters at each candle.',
  parameters: z.strictObject({ ${details.parameters ?? ''} }),
  needs: () => ({ indicators: { ${details.needs ?? ''} } }),
  initialState: ${details.state ?? '{ seen: 0 }'},
  onAnalysis: ({ state }) => ({
    state: { seen: state.seen + 1 },
    wish: { action: 'enter', confidence: 60, reason: '${version} ' + state.seen },
  }),
})
`

let folder: string
let broker: MemoryBroker
let context: TestContext
let agent: StrategyAgent | null
let intents: MessageOfType<'strategy.intent.proposed.v1'>[]
let candle: number

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-strategies-'))
  broker = createMemoryBroker()
  context = createTestContext('strategy', { now: epoch })
  agent = null
  intents = []
  candle = 0
  await broker.connect().subscribe({
    agent: 'risk-manager',
    types: ['strategy.intent.proposed.v1'],
    handler: async ({ message }) => {
      intents.push(message as (typeof intents)[number])
      return ack
    },
  })
})
afterEach(async () => {
  await agent?.stop()
  rmSync(folder, { recursive: true })
})

/** In one step, as editors do it. */
function save(text: string): void {
  writeFileSync(join(folder, 'new'), text)
  renameSync(join(folder, 'new'), join(folder, 'rsi-reversion.ts'))
}

async function start(live: Partial<{ mode: string; hotReload: boolean }> = {}): Promise<void> {
  const { mode = 'paper', hotReload = true } = live
  const strategies = [{ name: 'rsi-reversion' }]
  const deps = {
    config: StrategyConfig.parse({ strategies, hotReload, cooldownMs: 0, symbolCooldownMs: 0 }),
    shared: SharedConfigSchema.parse({ symbols: ['BTC/USDT'], mode }),
    context,
    bus: broker.connect(),
    ledger: createMemoryLedger(),
    folder: '',
  }
  agent = new StrategyAgent(deps, pathToFileURL(`${folder}/`))
  await agent.start()
}

/** The reason of the intent that the next candle leads to, denied so that the next may come. */
async function next(): Promise<string | undefined> {
  const before = intents.length
  const bus = broker.connect()
  await context.clock.advance(minute)
  // The shipped version needs its indicator, and wishes nothing at 50.
  await bus.publish(signals(candle, { 'rsi(14)': 50 }))
  candle += 1
  await broker.idle()
  const intent = intents[before]
  if (intent !== undefined) await bus.publish(denied(intent.payload.intentId))
  await broker.idle()
  return intent?.payload.reason
}

const told = (event: string): number =>
  context.logs.records.filter(({ msg }) => msg === event).length

test('a new version takes over between two candles, with the memory of the old one', async () => {
  await start()
  expect(await next()).toBeUndefined()
  save(textOf('first'))
  await vi.waitFor(() => expect(told('strategy file taken')).toBe(1), 20_000)
  expect([await next(), await next()]).toEqual(['first 0', 'first 1'])
  save(textOf('second'))
  await vi.waitFor(() => expect(told('strategy file taken')).toBe(2), 20_000)
  expect(await next()).toBe('second 2')
  save(textOf('third', { state: '{ seen: 100 }' }))
  await vi.waitFor(() => expect(told('strategy file taken')).toBe(3), 20_000)
  expect(await next()).toBe('third 100')
})

test.each([
  ['is no program', 'export const = 3'],
  ['throws', 'throw new Error("not today")'],
  ['holds no strategy', 'export const reloaded = 3'],
  ['wants parameters that are not configured', textOf('broken', { parameters: 'a: z.int()' })],
])('a version that %s is told of and not taken', async (_name, text) => {
  await start()
  save(textOf('good'))
  await vi.waitFor(() => expect(told('strategy file taken')).toBe(1), 20_000)
  save(text)
  const refusal = 'strategy file not taken, the old version goes on'
  await vi.waitFor(() => expect(told(refusal)).toBe(1), 20_000)
  expect(await next()).toBe('good 0')
  save(textOf('better'))
  await vi.waitFor(() => expect(told('strategy file taken')).toBe(2), 20_000)
  expect(await next()).toBe('better 1')
})

test('a version that looks further back than anybody computes asks for that', async () => {
  const asked: unknown[] = []
  await broker.connect().subscribe({
    agent: 'technical-analysis',
    types: ['market.history.provided.v1', 'analysis.indicators.requested.v1'],
    handler: async ({ message }) => {
      asked.push(message.payload)
      return ack
    },
  })
  await start()
  await next()
  expect(asked).toEqual([])
  save(textOf('patient', { needs: 'slow: sma(200)' }))
  await vi.waitFor(() => expect(told('strategy file taken')).toBe(1), 20_000)
  for (let candles = 0; candles < 21; candles += 1) expect(await next()).toBeUndefined()
  const wanted = { symbol: 'BTC/USDT', timeframe: '1m', indicators: ['sma(200)'] }
  // Once with the first candle, and again when nothing has come of it for twenty.
  expect(asked).toMatchObject([wanted, wanted])
  expect(told('waiting for indicators: warming up, or asked for')).toBe(1)
})

test('in live mode a saved file changes nothing', async () => {
  await start({ mode: 'live' })
  save(textOf('first'))
  expect(told('strategy files are not watched in live mode')).toBe(1)
  expect(await next()).toBeUndefined()
  expect(told('strategy file taken')).toBe(0)
})
