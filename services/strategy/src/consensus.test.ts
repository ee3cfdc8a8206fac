// The consensus as the agent runs it: from its section of flotilla.yaml, with a memory in the ledger.
import { ack, createMemoryBroker } from '@flotilla/bus'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Agent } from '@flotilla/fleet'
import { createMemoryLedger } from '@flotilla/ledger'
import { createTestContext } from '@flotilla/runtime/testing'
import { afterEach, expect, it } from 'vitest'
import { agent as spec } from './index.ts'
import { denied, epoch, minute, signals } from './testing.ts'

type Intent = MessageOfType<'strategy.intent.proposed.v1'>

const symbol = 'BTC/USDT'
let running: Agent | null = null
afterEach(async () => running?.stop())

async function stage() {
  const broker = createMemoryBroker()
  const ledger = createMemoryLedger()
  const context = createTestContext('strategy', { now: epoch })
  const intents: Intent[] = []
  const outside = broker.connect()
  await outside.subscribe({
    agent: 'risk-manager',
    types: ['strategy.intent.proposed.v1'],
    handler: async ({ message }) => {
      intents.push(message as Intent)
      return ack
    },
  })
  const tell = async (message: AnyMessage) => {
    await outside.publish(message)
    await broker.idle()
  }
  return {
    intents,
    tell,
    /** Starts anew with what the ledger holds; RSI counts three times as much as the score. */
    start: async (rsiIsHeard: boolean) => {
      await running?.stop()
      const rsi = { source: 'rsi-reversion', weight: 3, enabled: rsiIsHeard }
      const parameters = { enterFrom: 70, sources: [{ source: 'analysis' }, rsi] }
      running = spec.create({
        config: spec.config.parse({
          strategies: [{ name: 'consensus', parameters }],
          cooldownMs: 0,
          symbolCooldownMs: 0,
        }),
        shared: SharedConfigSchema.parse({ symbols: [symbol] }),
        context,
        bus: broker.connect(),
        ledger,
        folder: '',
      })
      await running.start()
    },
    candle: async (index: number, rsi: number, score: number) => {
      await context.clock.advance(epoch + (index + 1) * minute + 500 - context.clock.now())
      await tell(signals(index, { 'rsi(14)': rsi }, { score }))
    },
  }
}

it('a source that is disabled leaves its weight to the others, over restarts', async () => {
  const { intents, tell, start, candle } = await stage()
  await start(true)
  // RSI has no opinion yet: a quarter of the weight is no quorum.
  await candle(0, 50, 60)
  await candle(1, 50, 60)
  expect(intents).toEqual([])

  await start(false)
  await candle(2, 50, 60)
  const [intent] = intents
  expect(intent?.payload).toMatchObject({ strategy: 'consensus', side: 'buy', confidence: 80 })
  expect(intent?.payload.reason).toMatch(/1 of 1 sources speak: analysis 80 \(100 %\)/)

  // That agreement was reached, and acted on, is remembered: lasting on, it is no second entry.
  await tell(denied(intent!.payload.intentId))
  await start(false)
  await candle(3, 50, 60)
  expect(intents).toHaveLength(1)
  await candle(4, 50, 0)
  await candle(5, 50, 60)
  expect(intents).toHaveLength(2)
})
