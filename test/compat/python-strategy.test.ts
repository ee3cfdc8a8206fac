// The example in Python as a process of its own, as the broker's user `strategy` with no rights but those
// of the topology: it hears analyses and its intents reach the risk manager's queue.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ack, connectRabbit, permissionsOf, provisionRabbit } from '@flotilla/bus'
import type { Bus } from '@flotilla/bus'
import { createMessage, deriveId, instant, SignalsComputed } from '@flotilla/contracts'
import type { AnyMessage } from '@flotilla/contracts'
import { afterEach, expect, test, vi } from 'vitest'
import { createUser } from '../support/rabbitmq.ts'
import { freshVhost, sharedRabbit } from '../support/rabbitmq-shared.ts'

const example = join(import.meta.dirname, '..', '..', 'examples', 'python-strategy')
const python = spawnSync('python3', ['-c', 'import pika']).status === 0
if (!python) console.log('skipped: the example in Python is not run, there is no python3 with pika')
const rabbit = python ? await sharedRabbit() : null

const minute = 60_000
const epoch = Date.UTC(2026, 0, 5)
const open: { readonly buses: Bus[]; readonly children: ChildProcess[] } = {
  buses: [],
  children: [],
}

afterEach(async () => {
  for (const child of open.children.splice(0)) {
    const ended = child.exitCode === null ? once(child, 'exit') : null
    child.kill('SIGINT')
    await ended
  }
  await Promise.all(open.buses.splice(0).map((bus) => bus.close()))
})

function signals(index: number, symbol: string, close: number): AnyMessage {
  const openTime = epoch + index * minute
  const candle = deriveId(symbol, String(openTime))
  return createMessage(SignalsComputed, {
    source: 'technical-analysis',
    occurredAt: openTime + minute,
    cause: { messageId: candle, correlationId: candle },
    payload: {
      venue: 'simulator',
      symbol,
      timeframe: '1m',
      candleOpenTime: instant(openTime),
      candleCloseTime: instant(openTime + minute),
      close: String(close),
      indicators: {},
      readings: { trend: null, momentum: null, volatilityPercent: null },
      score: null,
      origin: 'live',
    },
  })
}

async function connect(url: string): Promise<Bus> {
  const bus = await connectRabbit({ url })
  open.buses.push(bus)
  return bus
}

/** Resolves when the example listens. */
async function runExample(url: string, state: string): Promise<void> {
  const words = ['-B', 'strategy.py', '--url', url, '--state', state]
  const child = spawn('python3', words, { cwd: example, stdio: ['ignore', 'pipe', 'pipe'] })
  open.children.push(child)
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await vi.waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`the example ended: ${said}`)
      expect(said).toContain('python-breakout listens')
    },
    { timeout: 60_000 },
  )
}

test.skipIf(rabbit === null)(
  'its intents reach the risk manager, and it remembers them',
  async () => {
    const url = await freshVhost(rabbit)
    await provisionRabbit(url)
    const user = `strategy-${randomBytes(4).toString('hex')}`
    const vhost = new URL(url).pathname.slice(1)
    await createUser(rabbit!, { user, vhost, ...permissionsOf('strategy') })
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-python-'))
    const state = join(folder, 'state.json')
    try {
      await runExample(url.replace('guest:guest', `${user}:secret`), state)
      const bus = await connect(url)
      const heard: AnyMessage[] = []
      await bus.subscribe({
        agent: 'risk-manager',
        types: ['strategy.intent.proposed.v1'],
        handler: async ({ message }) => {
          heard.push(message)
          return ack
        },
      })
      const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT']
      for (const symbol of symbols) {
        await bus.publishAll(Array.from({ length: 20 }, (_, index) => signals(index, symbol, 100)))
        await bus.publish(signals(20, symbol, 101.5))
      }
      await vi.waitFor(() => expect(heard).toHaveLength(symbols.length), { timeout: 60_000 })
      const told = heard.map(({ payload }) => ('symbol' in payload ? payload.symbol : null))
      expect(new Set(told)).toEqual(new Set(symbols))
      expect(heard).toMatchObject(
        symbols.map(() => ({
          source: 'strategy',
          payload: { strategy: 'python-breakout', side: 'buy', expectedPrice: '101.5' },
        })),
      )
      const kept = JSON.parse(readFileSync(state, 'utf8')) as Record<string, unknown>
      expect(Object.keys(kept).toSorted()).toEqual(symbols)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
