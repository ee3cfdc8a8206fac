import { createMemoryBroker } from '@flotilla/bus'
import type { AnyMessage, ControlOrder } from '@flotilla/contracts'
import { startHealthServer } from '@flotilla/runtime'
import type { HealthServer } from '@flotilla/runtime'
import { createManualClock } from '@flotilla/runtime/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { operatorPaths, operatorRoute } from './http-api.ts'
import { httpLink } from './http-link.ts'

const token = 'a-token-that-nobody-guesses'
const order: ControlOrder = {
  action: 'pause',
  account: null,
  symbol: 'BTC/USDT',
  agent: null,
  reason: 'news',
  requestedBy: 'trader',
}

let server: HealthServer
let published: AnyMessage[]
let refused: string[]
let broker: ReturnType<typeof createMemoryBroker>

beforeEach(async () => {
  published = []
  refused = []
  broker = createMemoryBroker()
  const extra = operatorRoute({
    token,
    bus: { publish: async (message) => void published.push(message) },
    deadLetters: broker.deadLetters,
    clock: createManualClock(1_767_571_200_000),
    refused: async (path) => void refused.push(path),
  })
  server = await startHealthServer({ host: '127.0.0.1', port: 0, sources: [], extra })
})
afterEach(() => server.close())

const link = (shownToken = token) => httpLink({ url: server.url, token: shownToken })

test('a command becomes its message, each one of its own', async () => {
  await link().send(order)
  await link().send(order)
  await link().send({ ...order, action: 'reload', agent: 'data-collection' })
  expect(published.map(({ type }) => type)).toEqual([
    'control.pause.v1',
    'control.pause.v1',
    'control.reload.v1',
  ])
  expect(published[0]).toMatchObject({
    source: 'operator',
    payload: { symbol: 'BTC/USDT', account: null, reason: 'news', requestedBy: 'trader' },
  })
  expect(new Set(published.map(({ messageId }) => messageId)).size).toBe(3)
})

test('without the token nothing changes, and who asked is told', async () => {
  await expect(link('another').send(order)).rejects.toThrow(/token is missing or wrong/)
  const body = JSON.stringify(order)
  const response = await fetch(`${server.url}${operatorPaths.control}`, { method: 'POST', body })
  expect(response.status).toBe(401)
  expect(published).toEqual([])
  expect(refused).toEqual([operatorPaths.control, operatorPaths.control])
})

test('what is not a command is refused with the reason', async () => {
  const wrong = { ...order, action: 'explode' } as unknown as ControlOrder
  await expect(link().send(wrong)).rejects.toThrow(/fleet refused.*action/)
  expect(published).toEqual([])
})

test('dead letters are listed with their reason and put back', async () => {
  const bus = broker.connect()
  let seen = 0
  const settle = Promise.withResolvers<void>()
  await bus.subscribe({
    agent: 'risk-manager',
    types: ['control.pause.v1', 'control.resume.v1', 'control.halt.v1', 'control.flatten.v1'],
    handler: () => {
      seen += 1
      if (seen === 2) settle.resolve()
      return Promise.resolve({ kind: 'dead-letter', reason: 'not understood' })
    },
  })
  await link().send(order)
  await bus.publish(published[0]!)
  await broker.idle()
  const [letter] = await link().listDeadLetters({ agent: 'risk-manager' })
  expect(letter).toMatchObject({ type: 'control.pause.v1', reason: 'not understood' })
  expect(await link().requeueDeadLetters({ ids: [letter!.id] })).toBe(1)
  await settle.promise
  await bus.close()
})

test('a fleet that is gone is said to be gone', async () => {
  await server.close()
  await expect(link().send(order)).rejects.toThrow(/does not answer; is it running\?/)
})
