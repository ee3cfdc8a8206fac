// The listen keys of old clients: gone by default as on the exchange, served where a setting says so.
import { afterEach, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { startSimulator } from '../testing/started-simulator.ts'
import { openTalk, PATIENCE, signParameters, type Talk } from '../testing/socket-client.ts'
import { wireClient, type WireClient } from '../testing/wire-client.ts'

const PATH = '/api/v3/userDataStream'

let simulator: Simulator
let client: WireClient
let sockets: Talk[] = []

async function start(config: object): Promise<void> {
  ;({ simulator, client } = await startSimulator({ clock: 'manual', ...config }))
}

async function talk(path: string): Promise<Talk> {
  const opened = await openTalk(simulator.url, path)
  sockets.push(opened)
  return opened
}

afterEach(async () => {
  for (const { socket } of sockets) socket.terminate()
  sockets = []
  await simulator.stop()
})

const buy = () =>
  client.signed('POST', 'order', {
    symbol: 'BTCUSDT',
    side: 'BUY',
    type: 'MARKET',
    quantity: '0.001',
  })

test.each(['POST', 'PUT', 'DELETE'])('%s is gone unless it is asked for', async (method) => {
  await start({})
  const answer = await client.raw(method, PATH)
  expect([answer.status, answer.body]).toEqual([
    410,
    { code: -1020, msg: 'This operation is not supported.' },
  ])
  const socket = await talk('/ws-api/v3')
  const { apiKey } = signParameters({})
  const told = await socket.ask({ method: 'userDataStream.start', params: { apiKey } })
  expect(told).toMatchObject({ status: 410, error: { code: -1020 } })
})

test('with the flag a key brings the events of the account, plain or with its name', async () => {
  await start({ legacyListenKey: true })
  const listenKey = (await client.raw('POST', PATH)).body['listenKey'] as string
  expect((await client.raw('POST', PATH)).body).toEqual({ listenKey })
  expect((await client.raw('PUT', PATH, `listenKey=${listenKey}`)).body).toEqual({})
  const plain = await talk(`/ws/${listenKey}`)
  const combined = await talk(`/stream?streams=${listenKey}`)
  const late = await talk('/ws')
  await late.ask({ method: 'SUBSCRIBE', params: [listenKey] })
  await buy()
  for (const { heard } of [plain, combined, late]) {
    await expect.poll(() => heard.length, PATIENCE).toBeGreaterThanOrEqual(3)
  }
  const names = (heard: readonly { e?: unknown }[]) => heard.map(({ e }) => e)
  const expected = ['executionReport', 'executionReport', 'outboundAccountPosition']
  expect(names(plain.heard)).toEqual(expected)
  expect(combined.heard.map(({ stream }) => stream)).toEqual([listenKey, listenKey, listenKey])
  expect(names(combined.heard.map((one) => one['data'] as unknown as object))).toEqual(expected)
  expect(names(late.heard).slice(1)).toEqual(expected)

  expect((await client.raw('DELETE', `${PATH}?listenKey=${listenKey}`)).body).toEqual({})
  await buy()
  const { heard } = await talk('/ws-api/v3')
  expect([plain.heard.length, combined.heard.length, heard.length]).toEqual([3, 3, 0])
})

test('the WebSocket API had the same three calls', async () => {
  await start({ legacyListenKey: true })
  const socket = await talk('/ws-api/v3')
  const { apiKey } = signParameters({})
  const ask = (method: string, params: object) =>
    socket.ask({ method: `userDataStream.${method}`, params: { apiKey, ...params } })
  const { listenKey } = (await ask('start', {}))['result'] as unknown as { listenKey: string }
  expect(await ask('ping', { listenKey })).toMatchObject({ status: 200, result: {} })
  expect(await ask('stop', { listenKey })).toMatchObject({ status: 200, result: {} })
  expect(await ask('ping', { listenKey })).toMatchObject({ status: 400, error: { code: -1125 } })
})

test('a stranger gets no key, and a key that is not there is said so', async () => {
  await start({ legacyListenKey: true })
  const stranger = wireClient({ url: simulator.url, now: () => simulator.now(), apiKey: 'other' })
  expect((await stranger.raw('POST', PATH)).status).toBe(401)
  expect((await client.raw('PUT', PATH)).body.code).toBe(-1102)
  expect((await client.raw('PUT', `${PATH}?listenKey=none`)).body).toEqual({
    code: -1125,
    msg: 'This listenKey does not exist.',
  })
})
