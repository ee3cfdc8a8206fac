// Who may come in: keys, signatures, clocks.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { startSimulatorByHand } from '../testing/started-simulator.ts'
import { wireClient, type WireClient } from '../testing/wire-client.ts'
import { checkSignature } from './security.ts'
import { SimulatorConfigSchema } from '../config.ts'

let simulator: Simulator
let client: WireClient

beforeAll(async () => {
  ;({ simulator, client } = await startSimulatorByHand({ balances: { USDT: '100000', BTC: '1' } }))
})

afterAll(() => simulator.stop())

describe('who may come in', () => {
  const stranger = (apiKey: string) =>
    wireClient({ url: simulator.url, now: () => simulator.now(), apiKey })

  test.each([
    ['a key with other signs', 'no-key', 401, -2014, 'API-key format invalid.'],
    ['an unknown key', 'unknown', 401, -2015, 'Invalid API-key, IP, or permissions for action.'],
  ])('%s', async (_name, apiKey, status, code, msg) => {
    const answer = await stranger(apiKey).signed('GET', 'account')
    expect([answer.status, answer.body]).toEqual([status, { code, msg }])
  })

  test('a wrong signature', async () => {
    const wrong = wireClient({ url: simulator.url, now: () => simulator.now(), secret: 'wrong' })
    expect((await wrong.signed('GET', 'account')).body).toEqual({
      code: -1022,
      msg: 'Signature for this request is not valid.',
    })
  })

  test.each([
    ['no timestamp', '', -1102, /'timestamp'/],
    ['no signature', 'timestamp=1', -1102, /'signature'/],
  ])('%s', async (_name, query, code, msg) => {
    const answer = await client.raw('GET', `/api/v3/account?${query}`)
    expect(answer.body).toMatchObject({ code, msg: expect.stringMatching(msg) as unknown })
  })

  test.each([
    ['5 s late is in time', -5_000, {}, 200],
    ['later than its window is not', -5_001, {}, 400],
    ['a wider window', -50_000, { recvWindow: 60_000 }, 200],
    ['999 ms ahead is in time', 999, {}, 200],
    ['1000 ms ahead is not', 1_000, {}, 400],
  ])('%s', async (_name, offset, more, status) => {
    const timestamp = simulator.now() + offset
    const answer = await client.signed('GET', 'account', { timestamp, ...more })
    expect(answer.status).toBe(status)
    expect([undefined, -1021]).toContain(answer.body.code)
  })

  test('a window beyond a minute is refused, microseconds are understood', async () => {
    expect((await client.signed('GET', 'account', { recvWindow: 60_001 })).body.code).toBe(-1131)
    const timestamp = simulator.now() * 1_000
    expect((await client.signed('GET', 'account', { timestamp })).status).toBe(200)
  })

  test('signed in the query, in the body, in both, in capitals', async () => {
    const query = `symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=50`
    const body = `timestamp=${simulator.now()}`
    const test = '/api/v3/order/test'
    const both = client.sign(query + body)
    const whole = `${query}&${body}`
    const sign = client.sign(whole)
    const answers = await Promise.all([
      client.raw('POST', `${test}?${whole}&signature=${sign}`),
      client.raw('POST', test, `${whole}&signature=${sign}`),
      client.raw('POST', `${test}?${query}`, `${body}&signature=${both}`),
      client.raw('POST', `${test}?${query}&signature=${both}`, body),
      client.raw('POST', `${test}?${whole}&signature=${sign.toUpperCase()}`),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  })

  test("the signature of the exchange's own documents is accepted", () => {
    const query =
      'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559'
    const signature = 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71'
    const config = SimulatorConfigSchema.parse({
      apiSecret: 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j',
    })
    const request = { method: 'POST', path: '/api/v3/order', query, body: '', apiKey: null }
    const context = { config, keys: config, marketNow: 1_499_827_319_559, realNow: 0 }
    const parameters = (hex: string) => new Map([...new URLSearchParams(query), ['signature', hex]])
    expect(checkSignature(request, parameters(signature), context)).toBeNull()
    expect(checkSignature(request, parameters(`d${signature.slice(1)}`), context)).toMatchObject({
      code: -1022,
    })
  })
})
