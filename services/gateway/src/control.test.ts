import { ack, createMemoryBroker } from '@flotilla/bus'
import type { MemoryBroker } from '@flotilla/bus'
import type { AnyMessage } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Agent } from '@flotilla/fleet'
import { createMemoryLedger } from '@flotilla/ledger'
import type { Ledger } from '@flotilla/ledger'
import { createTestContext } from '@flotilla/runtime/testing'
import type { TestContext } from '@flotilla/runtime/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { agent as spec } from './index.ts'
import { epoch, poster, symbols } from './testing.ts'

const token = 'a-token-of-the-operator'
const signalToken = 'a-token-of-the-signals'
const alertToken = 'a-token-of-the-charts'
const all = { token: signalToken, webhook: { token: alertToken }, control: { token } }
const order = { account: null, symbol: 'BTC/USDT', reason: 'news at three', requestedBy: 'ada' }

let broker: MemoryBroker
let ledger: Ledger
let context: TestContext
let commands: AnyMessage[]
let lives: Agent[]

beforeEach(async () => {
  broker = createMemoryBroker()
  ledger = createMemoryLedger()
  commands = []
  lives = []
  await broker.connect().subscribe({
    agent: 'risk-manager',
    types: ['control.pause.v1', 'control.resume.v1', 'control.halt.v1', 'control.flatten.v1'],
    handler: async ({ message }) => {
      commands.push(message)
      return ack
    },
  })
})
afterEach(async () => {
  for (const life of lives) await life.stop()
})

async function gateway(config: object = all) {
  context = createTestContext('gateway', { now: epoch })
  const agent = spec.create({
    config: spec.config.parse({ port: 0, ...config }),
    shared: SharedConfigSchema.parse({ symbols, accounts: { cautious: {} } }),
    context,
    bus: broker.connect(),
    ledger,
    folder: '',
  })
  lives.push(agent)
  await agent.start()
  const url = String(agent.readiness().detail['url'])
  const post = poster(url)
  return {
    post,
    give: (action: string, body: unknown = order, headers: Record<string, string> = {}) =>
      post(`/api/v1/control/${action}`, body, { authorization: `Bearer ${token}`, ...headers }),
  }
}

describe('a command by HTTP', () => {
  test.each(['pause', 'resume', 'halt', 'flatten'])('%s becomes its message', async (action) => {
    const { give } = await gateway()
    const { status, body } = await give(action)
    expect(status).toBe(202)
    await vi.waitFor(() => expect(commands).toHaveLength(1), 30_000)
    expect(commands[0]).toMatchObject({
      messageId: body['messageId'],
      type: `control.${action}.v1`,
      source: 'gateway',
      payload: order,
    })
  })

  test('names an account of the fleet, or everything, and a symbol however it is written', async () => {
    const { give } = await gateway()
    await give('pause', { ...order, account: 'cautious', symbol: 'BINANCE:ETHUSDT' })
    await give('halt', { ...order, symbol: null })
    await vi.waitFor(() => expect(commands).toHaveLength(2), 30_000)
    expect(commands.map(({ payload }) => payload)).toMatchObject([
      { account: 'cautious', symbol: 'ETH/USDT' },
      { account: null, symbol: null },
    ])
  })

  test('sent again under its key has no second effect, also after a restart', async () => {
    const key = { 'idempotency-key': 'stop 17' }
    const first = await gateway()
    const answer = await first.give('pause', order, key)
    const again = await first.give('pause', order, key)
    await lives.pop()?.stop()
    const second = await gateway()
    const afterRestart = await second.give('pause', order, key)
    const answers = [answer, again, afterRestart]
    expect(answers.map(({ status }) => status)).toEqual([202, 200, 200])
    expect(new Set(answers.map(({ body }) => body['messageId'])).size).toBe(1)
    expect((await second.give('resume', order, key)).status).toBe(202)
    expect((await second.give('pause', { ...order, symbol: null }, key)).status).toBe(202)
    await second.give('pause')
    await second.give('pause')
    await vi.waitFor(() => expect(commands).toHaveLength(5), 30_000)
  })

  const saying = (text: string): unknown => expect.stringContaining(text)
  const { symbol: _symbol, ...withoutSymbol } = order
  test.each<[string, string, unknown, object]>([
    ['an action that is none', 'explode', order, { value: 'explode', message: saying('flatten') }],
    ['a symbol left out', 'halt', withoutSymbol, { field: 'symbol', message: saying('null') }],
    [
      'a symbol that is not traded',
      'halt',
      { ...order, symbol: 'DOGE/USDT' },
      { field: 'symbol', value: 'DOGE/USDT', message: saying('BTC/USDT, ETH/USDT, or null') },
    ],
    [
      'an account that is none',
      'halt',
      { ...order, account: 'mian' },
      { field: 'account', value: 'mian', message: saying('main, cautious, or null') },
    ],
    ['no reason', 'halt', { ...order, reason: '' }, { field: 'reason', message: saying('500') }],
    [
      'a name that is too long',
      'halt',
      { ...order, requestedBy: 'x'.repeat(65) },
      { field: 'requestedBy', message: saying('64') },
    ],
    [
      'a reason with a zero character',
      'halt',
      { ...order, reason: 'news\0' },
      { field: 'reason', message: saying('cannot be stored') },
    ],
    [
      'a name with half of a character',
      'halt',
      { ...order, requestedBy: 'ada \ud83d' },
      { field: 'requestedBy', message: saying('cannot be stored') },
    ],
    ['a field nobody knows', 'halt', { ...order, now: true }, { field: 'now', value: true }],
    ['no object', 'halt', '"all"', { field: 'body', message: saying('JSON object') }],
  ])('%s is refused by field, value and fix', async (_name, action, body, problem) => {
    const { give } = await gateway()
    const answer = await give(action, body)
    expect(answer).toMatchObject({ status: 422, body: { problems: [problem] } })
    await give('resume')
    await vi.waitFor(
      () => expect(commands.map(({ type }) => type)).toEqual(['control.resume.v1']),
      30_000,
    )
  })

  test('is not kept out by a storm of signals', async () => {
    const { post, give } = await gateway({ ...all, requestsPerMinute: 1 })
    const signal = () => post('/api/v1/trading/execute', {})
    expect([(await signal()).status, (await signal()).status]).toEqual([401, 429])
    expect([(await give('halt')).status, (await give('halt')).status]).toEqual([202, 429])
  })
})

describe('who may command', () => {
  test('who may signal may not command, nor the other way round', async () => {
    const { post, give } = await gateway()
    for (const wrong of [signalToken, alertToken, 'wrong', '']) {
      const authorization = `Bearer ${wrong}`
      expect((await give('halt', order, { authorization })).status).toBe(401)
    }
    expect((await post('/api/v1/control/resume', { ...order, token })).status).toBe(401)
    const signal = { symbol: 'BTC/USDT', action: 'buy', price: '50000' }
    const authorization = `Bearer ${token}`
    expect((await post('/api/v1/trading/execute', signal, { authorization })).status).toBe(401)
    expect((await give('pause')).status).toBe(202)
    await vi.waitFor(
      () => expect(commands.map(({ type }) => type)).toEqual(['control.pause.v1']),
      30_000,
    )
    expect(await context.metrics.metrics()).toMatch(/flotilla_gateway_unauthorized_total\S* 6/)
    expect(JSON.stringify(context.logs.records)).not.toContain(signalToken)
  })

  test('what was refused is recorded, the path that exists and no other', async () => {
    const { give, post } = await gateway()
    const authorization = 'Bearer wrong'
    await give('halt', order, { authorization })
    await post('/api/v1/trading/execute', {})
    const recorded = async () => (await ledger.recallAll('operator', 'refused-request/'))[0]
    expect(await recorded()).toMatchObject({
      key: expect.stringMatching(/\/gateway$/) as unknown,
      value: { path: '/api/v1/control/halt' },
    })
    await give('what-a-stranger-makes-up', order, { authorization })
    expect(JSON.stringify(await ledger.recallAll('operator', ''))).not.toContain('stranger')
  })

  test('without a token of its own nothing is taken', async () => {
    const { give } = await gateway({ token: signalToken })
    for (const shown of [signalToken, token, 'undefined', '']) {
      expect((await give('halt', order, { authorization: `Bearer ${shown}` })).status).toBe(401)
    }
    expect(lives[0]?.readiness().detail['takes']).toMatchObject({ execute: true, commands: false })
  })

  test.each([
    ['gateway.token', { token, control: { token } }],
    ['gateway.webhook.token', { webhook: { token }, control: { token } }],
  ])('a token that is that of %s is refused at the start', (name, config) => {
    const { error } = spec.config.safeParse(config)
    expect(error?.issues).toMatchObject([{ path: ['control', 'token'] }])
    expect(error?.issues[0]?.message).toContain(name)
    expect(error?.issues[0]?.message).not.toContain(token)
  })
})
