// The rules of the exchange's sockets, with spans of time that a test can wait for.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createSimulator } from '../index.ts'
import type { Hub } from './hub.ts'
import { socketRules, type SocketRules } from './socket-rules.ts'
import { createSockets, type Sockets } from './sockets.ts'

const PATIENCE = 30_000

let server: Server
let sockets: Sockets
const open: WebSocket[] = []

async function serve(change: Partial<SocketRules>): Promise<void> {
  const hub = { subscribe: () => undefined, unsubscribe: () => undefined, leave: () => undefined }
  sockets = createSockets({
    hub: hub as unknown as Hub,
    answer: () => ({ status: 200, headers: {}, body: '{}' }),
    rateLimits: [],
    onEscape: () => undefined,
    now: () => 0,
    rules: { ...socketRules({ clock: 'running', speed: 1 }), ...change },
  })
  server = createServer()
  server.on('upgrade', sockets.upgrade)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
}

beforeEach(() => {
  open.length = 0
})

afterEach(async () => {
  for (const socket of open) socket.terminate()
  await sockets.close()
  server.close()
})

type Talk = {
  readonly socket: WebSocket
  readonly heard: Record<string, unknown>[]
  readonly codes: number[]
  pings: number
}

async function connect(path: string, options = {}): Promise<Talk> {
  const { port } = server.address() as AddressInfo
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options)
  open.push(socket)
  const talk: Talk = { socket, heard: [], codes: [], pings: 0 }
  socket.on('message', (data: Buffer) => {
    talk.heard.push(JSON.parse(data.toString()) as Record<string, unknown>)
  })
  socket.on('close', (code) => talk.codes.push(code))
  socket.on('ping', () => {
    talk.pings += 1
  })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return talk
}

const say = ({ socket }: Talk, message: object) => socket.send(JSON.stringify(message))

test('each kind of socket hears of the end in its own form', async () => {
  await serve({})
  const raw = await connect('/ws/btcusdt@trade')
  const combined = await connect('/stream?streams=btcusdt@trade')
  const api = await connect('/ws-api/v3')
  await sockets.close()
  const event = { e: 'serverShutdown', E: 0 }
  await vi.waitFor(() => {
    expect([raw.heard, combined.heard, api.heard]).toEqual([
      [event],
      [{ stream: '!serverShutdown', data: event }],
      [{ event }],
    ])
  }, PATIENCE)
})

test('who answers pings stays, who does not is cut off', async () => {
  // Longer than a busy machine keeps both ends of this test from speaking.
  await serve({ pingMs: 100, pongMs: 3_000, framesPerSecond: Infinity })
  const awake = await connect('/ws/btcusdt@trade')
  const asleep = await connect('/ws/btcusdt@trade', { autoPong: false })
  await vi.waitFor(() => expect(asleep.codes).toEqual([1006]), PATIENCE)
  const before = awake.pings
  await vi.waitFor(() => expect(awake.pings).toBeGreaterThan(before), PATIENCE)
  expect(awake.codes).toEqual([])
})

test('the longest life ends with a word of warning', async () => {
  await serve({ pingMs: 20, lifetimeMs: 40 })
  const talk = await connect('/ws-api/v3')
  await vi.waitFor(() => expect(talk.codes).toEqual([1001]), PATIENCE)
  expect(talk.heard).toMatchObject([{ event: { e: 'serverShutdown' } }])
})

test('who speaks too fast on a market stream is cut off; requests are counted by weight', async () => {
  await serve({})
  const stream = await connect('/ws')
  const api = await connect('/ws-api/v3')
  let id = 0
  await vi.waitFor(() => {
    for (let count = 0; count < 12; count += 1) {
      id += 1
      say(stream, { method: 'LIST_SUBSCRIPTIONS', id })
      say(api, { method: 'ping', id })
    }
    expect(stream.codes).toEqual([1008])
  }, PATIENCE)
  await vi.waitFor(() => expect(api.heard).toHaveLength(id), PATIENCE)
  expect(api.codes).toEqual([])
  expect(stream.heard.length).toBeLessThan(id)
})

test('a connection listens to so many streams and no more', async () => {
  await serve({ streamsMax: 3 })
  const talk = await connect('/stream?streams=a@trade/b@trade')
  say(talk, { method: 'SUBSCRIBE', params: ['c@trade', 'd@trade'], id: 1 })
  say(talk, { method: 'SUBSCRIBE', params: ['a@trade', 'c@trade'], id: 2 })
  await vi.waitFor(() => expect(talk.heard).toHaveLength(2), PATIENCE)
  expect(talk.heard).toMatchObject([
    { id: 1, error: { code: 2 } },
    { id: 2, result: null },
  ])
})

test('too many connections in a while are refused', async () => {
  await serve({ connectionsMax: 1 })
  await connect('/ws')
  await expect(connect('/ws')).rejects.toThrow(/429/)
})

describe('messages that make no sense', () => {
  test.each([
    [
      'no JSON',
      'x',
      { error: { code: 3, msg: expect.stringMatching(/^Invalid JSON/) as unknown } },
    ],
    ['no method', { id: 7 }, { id: 7, error: { code: 2 } }],
    ['an unknown method', { method: 'SHOUT', id: 7 }, { id: 7, error: { code: 2 } }],
    [
      'a strange id',
      { method: 'LIST_SUBSCRIPTIONS', id: { a: 1 } },
      { id: null, error: { code: 2 } },
    ],
    ['an unknown property', { method: 'GET_PROPERTY', params: ['colour'] }, { error: { code: 0 } }],
    ['no property', { method: 'GET_PROPERTY', params: [5] }, { error: { code: 2 } }],
    ['too many', { method: 'GET_PROPERTY', params: ['combined', 1] }, { error: { code: 2 } }],
    ['no yes or no', { method: 'SET_PROPERTY', params: ['combined', 1] }, { error: { code: 1 } }],
  ])('%s', async (_name, message, answer) => {
    await serve({})
    const talk = await connect('/ws')
    if (typeof message === 'string') talk.socket.send(message)
    else say(talk, message)
    await vi.waitFor(() => expect(talk.heard).toHaveLength(1), PATIENCE)
    expect(talk.heard[0]).toMatchObject(answer)
  })
})

test('an exchange that closes tells everybody before it does', async () => {
  await serve({})
  const simulator = createSimulator({ config: {}, folder: null })
  await simulator.start()
  const socket = new WebSocket(`${simulator.url.replace('http', 'ws')}/ws`)
  const heard: string[] = []
  socket.on('message', (data: Buffer) => heard.push(data.toString()))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await new Promise((resolve) => socket.once('open', resolve))
  await simulator.stop()
  expect(await closed).toBe(1001)
  expect(heard.join()).toMatch(/serverShutdown/)
})
