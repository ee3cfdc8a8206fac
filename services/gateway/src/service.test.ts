import { ack, createMemoryBroker } from '@flotilla/bus'
import type { Bus, MemoryBroker } from '@flotilla/bus'
import type { MessageOfType } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Agent } from '@flotilla/fleet'
import { createMemoryLedger } from '@flotilla/ledger'
import type { Ledger } from '@flotilla/ledger'
import { realClock } from '@flotilla/runtime'
import { createTestContext } from '@flotilla/runtime/testing'
import type { TestContext } from '@flotilla/runtime/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { agent as spec } from './index.ts'
import { epoch, poster, symbols, ticker } from './testing.ts'

type Intent = MessageOfType<'strategy.intent.proposed.v1'>

const token = 'a-token-of-the-operator'
const alertToken = 'a-token-of-the-charts'
const buy = { symbol: 'BTC/USDT', action: 'buy', confidence: 80 }

let broker: MemoryBroker
let ledger: Ledger
let context: TestContext
let intents: Intent[]
let lives: Agent[]

beforeEach(async () => {
  broker = createMemoryBroker({ redelivery: { retryDelayMs: 1, retryDelayMsMax: 1 } })
  ledger = createMemoryLedger()
  intents = []
  lives = []
  await broker.connect().subscribe({
    agent: 'risk-manager',
    types: ['strategy.intent.proposed.v1'],
    handler: async ({ message }) => {
      intents.push(message as Intent)
      return ack
    },
  })
})
afterEach(async () => {
  for (const life of lives) await life.stop()
})

/** The agent with a price of BTC, and a way to post to it. */
async function gateway(
  config: object = { token, webhook: { token: alertToken } },
  around: (bus: Bus) => Bus = (bus) => bus,
) {
  context = createTestContext('gateway', { now: epoch })
  const agent = spec.create({
    config: spec.config.parse({ port: 0, ...config }),
    shared: SharedConfigSchema.parse({ symbols }),
    context,
    bus: around(broker.connect()),
    ledger,
    folder: '',
  })
  lives.push(agent)
  await agent.start()
  const outside = broker.connect()
  await outside.publish(ticker('50000'))
  await broker.idle()
  const url = agent.readiness().detail['url'] as string | null
  const post = poster(url ?? '')
  const bearer = { authorization: `Bearer ${token}` }
  return {
    agent,
    url,
    post,
    execute: (body: unknown, headers: Record<string, string> = {}) =>
      post('/api/v1/trading/execute', body, { ...bearer, ...headers }),
    alert: (body: unknown, headers: Record<string, string> = {}) =>
      post('/api/v1/webhooks/tradingview', body, headers),
    fate: async (intentId: unknown) => {
      const path = `/api/v1/trading/intents/${String(intentId)}`
      const response = await fetch(`${url}${path}`, { headers: bearer })
      return { status: response.status, body: await response.json() }
    },
  }
}

describe('a request by hand', () => {
  test('becomes an ordinary intent, committed before it is answered', async () => {
    const { execute, fate } = await gateway()
    const { status, body } = await execute(buy)
    expect(status).toBe(202)
    await vi.waitFor(() => expect(intents).toHaveLength(1), 30_000)
    expect(intents[0]?.payload).toMatchObject({
      intentId: body['intentId'],
      strategy: 'manual',
      symbol: 'BTC/USDT',
      side: 'buy',
      confidence: 80,
      expectedPrice: '50000',
    })
    expect(await fate(body['intentId'])).toEqual({
      status: 200,
      body: { intentId: body['intentId'], state: 'proposed', reasons: [], orders: [] },
    })
    expect((await fate('00000000-0000-4000-8000-000000000000')).status).toBe(404)
    expect((await fate('rubbish')).status).toBe(404)
  })

  test('sent again under its key has no second effect, also after a restart', async () => {
    const key = { 'idempotency-key': 'order 17' }
    const first = await gateway()
    const answer = await first.execute(buy, key)
    const again = await first.execute(buy, key)
    await lives.pop()?.stop()
    const second = await gateway()
    const afterRestart = await second.execute(buy, key)
    expect([answer.status, again.status, afterRestart.status]).toEqual([202, 200, 200])
    expect(new Set([answer, again, afterRestart].map(({ body }) => body['intentId'])).size).toBe(1)
    const dearer = { ...buy, symbol: 'BTCUSDT', confidence: 81, price: '50100' }
    expect((await second.execute(dearer, key)).body['intentId']).toBe(answer.body['intentId'])
    expect((await second.execute({ ...buy, action: 'sell' }, key)).status).toBe(202)
    await vi.waitFor(() => expect(intents).toHaveLength(2), 30_000)
    await second.execute(buy)
    await second.execute(buy)
    await vi.waitFor(() => expect(intents).toHaveLength(4), 30_000)
  })

  test('is not lost when the bus is away from then to the end of the process', async () => {
    let failures = 1
    const { execute } = await gateway(undefined, (bus) => ({
      ...bus,
      publishAll: () => {
        failures = 0
        return Promise.reject(new Error('no connection'))
      },
      subscribe: (options) => bus.subscribe(options),
      close: () => bus.close(),
    }))
    const { status, body } = await execute(buy)
    expect(status).toBe(202)
    await vi.waitFor(() => expect(failures).toBe(0), 30_000)
    expect(intents).toEqual([])
    await lives.pop()?.stop()
    await gateway()
    await vi.waitFor(() => expect(intents).toHaveLength(1), 30_000)
    expect(intents[0]?.payload.intentId).toBe(body['intentId'])
  })

  test.each<[string, unknown, number]>([
    ['half of a JSON', '{"symbol":', 400],
    ['what is not understood', { ...buy, action: 'short' }, 422],
    ['a symbol without a price', { ...buy, symbol: 'ETH/USDT' }, 409],
    ['more than a signal ever is', { ...buy, reason: 'x'.repeat(20_000) }, 413],
  ])('%s is refused and proposes nothing', async (_name, body, status) => {
    const { execute, alert } = await gateway()
    expect((await execute(body)).status).toBe(status)
    await alert({ token: alertToken, ticker: 'BTCUSDT', action: 'buy' })
    await vi.waitFor(() => expect(intents).toHaveLength(1), 30_000)
    expect(intents[0]?.payload.strategy).toBe('webhook')
  })
})

describe('an alert of a charting service', () => {
  const fired = { token: alertToken, ticker: 'BINANCE:BTCUSDT', action: 'buy' }

  test('becomes an intent, as JSON or as text', async () => {
    const { alert } = await gateway()
    const { status } = await alert({ ...fired, strategy: 'golden-cross' })
    const text = await alert(JSON.stringify(fired), { 'content-type': 'text/plain; charset=utf-8' })
    expect([status, text.status]).toEqual([202, 202])
    await vi.waitFor(() => expect(intents).toHaveLength(2), 30_000)
    expect(intents.map(({ payload }) => payload.strategy)).toEqual([
      'webhook-golden-cross',
      'webhook',
    ])
  })

  test('with the time it fired is one, however often it is sent, and none when it is old', async () => {
    const { alert } = await gateway()
    const now = realClock.now()
    const time = new Date(now).toISOString()
    expect((await alert({ ...fired, time })).status).toBe(202)
    expect((await alert({ ...fired, time })).status).toBe(200)
    const old = await alert({ ...fired, time: new Date(now - 120_000).toISOString() })
    expect(old).toMatchObject({ status: 422, body: { problems: [{ field: 'time' }] } })
    const early = await alert({ ...fired, time: new Date(now + 600_000).toISOString() })
    expect(early).toMatchObject({ status: 422, body: { problems: [{ field: 'time' }] } })
    await vi.waitFor(() => expect(intents).toHaveLength(1), 30_000)
  })

  test('that is not JSON is answered with how to write it', async () => {
    const { alert } = await gateway()
    const answer = await alert('buy BTC now', { 'content-type': 'text/plain' })
    expect(answer.status).toBe(400)
    expect(answer.body['error']).toMatch(/"ticker":"\{\{ticker\}\}"/)
  })

  test('from an address that is not allowed is refused', async () => {
    const webhook = { token: alertToken, addresses: ['203.0.113.7'] }
    const strict = await gateway({ webhook })
    const headers = { 'x-forwarded-for': '203.0.113.7' }
    expect((await strict.alert(fired)).status).toBe(401)
    expect((await strict.alert(fired, headers)).status).toBe(401)
    await lives.pop()?.stop()
    const behindProxy = await gateway({ webhook, trustProxy: true })
    expect((await behindProxy.alert(fired, headers)).status).toBe(202)
    const pretended = { 'x-forwarded-for': '203.0.113.7, 198.51.100.9' }
    expect((await behindProxy.alert(fired, pretended)).status).toBe(401)
  })
})

describe('nobody trades without a token', () => {
  test('a missing, wrong or foreign token is refused, counted, and logged without it', async () => {
    const { agent, post, alert, execute, url } = await gateway()
    const paths = ['/api/v1/trading/execute', '/api/v1/trading/execute/']
    for (const path of paths) {
      expect((await post(path, buy)).status).toBe(401)
      expect((await post(path, buy, { authorization: 'Bearer wrong' })).status).toBe(401)
      const charts = { authorization: `Bearer ${alertToken}` }
      expect((await post(path, buy, charts)).status).toBe(401)
    }
    expect((await alert({ ticker: 'BTCUSDT', action: 'buy' })).status).toBe(401)
    expect((await alert({ token, ticker: 'BTCUSDT', action: 'buy' })).status).toBe(401)
    expect((await fetch(`${url}/api/v1/trading/intents/x`)).status).toBe(401)
    expect(intents).toEqual([])
    expect(JSON.stringify(context.logs.records)).not.toContain(alertToken)
    expect(await context.metrics.metrics()).toMatch(/flotilla_gateway_unauthorized_total\S* 9/)
    const states = () => agent.readiness().detail['feeds']
    expect(states()).toMatchObject({ execute: { state: 'refused' }, alert: { state: 'refused' } })
    expect((await execute(buy)).status).toBe(202)
    expect(states()).toMatchObject({ execute: { state: 'ok' }, alert: { state: 'refused' } })
  })

  test('where only one token is configured the other door stays shut', async () => {
    const onlyCharts = await gateway({ webhook: { token: alertToken } })
    expect((await onlyCharts.execute(buy)).status).toBe(401)
    const onlyHands = await gateway({ token })
    const fired = { token: alertToken, ticker: 'BTCUSDT', action: 'buy' }
    expect((await onlyHands.alert(fired)).status).toBe(401)
    expect((await onlyHands.alert({ ...fired, token: '' })).status).toBe(401)
  })

  test('without any token no port is opened', async () => {
    const { agent, url } = await gateway({})
    expect(url).toBeNull()
    expect(agent.readiness()).toMatchObject({
      ready: true,
      detail: { takes: { execute: false, alerts: false, commands: false } },
    })
  })

  test('a token that is too short to be one is refused at the start', () => {
    const result = spec.config.safeParse({ token: 'short' })
    expect(result.error?.issues[0]?.message).toMatch(/16 characters/)
  })

  test('a storm from one address is held back', async () => {
    const { execute } = await gateway({ token, requestsPerMinute: 3 })
    const answers = []
    for (let n = 0; n < 4; n += 1) answers.push((await execute({ ...buy, id: `${n}` })).status)
    expect(answers).toEqual([202, 202, 202, 429])
  })

  test('a taken port is named with the setting to change', async () => {
    const { url } = await gateway()
    const port = Number(new URL(url ?? '').port)
    await expect(gateway({ token, port })).rejects.toThrow(/set gateway\.port/)
  })
})
