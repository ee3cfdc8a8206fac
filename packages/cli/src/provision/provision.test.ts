import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { agentNames } from '@flotilla/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { provisionBroker } from './provision.ts'
import { createRabbitAdmin } from './rabbit-admin.ts'

type Call = { readonly path: string; readonly body: Record<string, unknown>; readonly user: string }

let calls: Call[] = []
let refused: string | null = null
const server = createServer((request, response) => {
  let text = ''
  request.on('data', (chunk: Buffer) => (text += chunk.toString()))
  request.on('end', () => {
    const path = decodeURIComponent(request.url ?? '')
    const user = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64').toString()
    calls.push({ path, body: JSON.parse(text) as Record<string, unknown>, user })
    response.statusCode = path === refused ? 400 : 204
    response.end(path === refused ? '{"reason":"not today"}' : '')
  })
})

beforeEach(async () => {
  calls = []
  refused = null
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterEach(() => void server.close())

const run = () => {
  const { port } = server.address() as AddressInfo
  const admin = createRabbitAdmin({
    url: `http://127.0.0.1:${port}`,
    user: 'admin',
    password: 'secret',
  })
  return provisionBroker({ admin, vhost: 'flotilla', passwordOf: (agent) => `word-${agent}` })
}

describe('provisioning the broker', () => {
  test('the virtual host comes first, then the exchanges, then the users', async () => {
    await run()
    const kinds = calls.map(({ path }) => path.split('/')[2]!)
    expect(kinds.filter((kind, index) => kind !== kinds[index - 1]).slice(0, 4)).toEqual([
      'vhosts',
      'exchanges',
      'users',
      'permissions',
    ])
    expect(calls.every(({ user }) => user === 'admin:secret')).toBe(true)
  })

  test('every agent gets a user of its own with its own password', async () => {
    await run()
    for (const agent of agentNames) {
      const call = calls.find(({ path }) => path === `/api/users/${agent}`)
      expect(call?.body).toEqual({ password: `word-${agent}`, tags: '' })
    }
  })

  test('only the risk manager may publish an approval', async () => {
    await run()
    const key = 'risk.intent.approved.v1.binance.btc-usdt.p00'
    const writers = calls.filter(
      ({ path, body }) =>
        path.startsWith('/api/topic-permissions/') &&
        body['exchange'] === 'flotilla.trading' &&
        new RegExp(String(body['write'])).test(key),
    )
    expect(writers.map(({ path }) => path)).toEqual([
      '/api/topic-permissions/flotilla/risk-manager',
    ])
  })

  test('an agent may configure only what carries its own name', async () => {
    await run()
    for (const agent of agentNames) {
      const call = calls.find(({ path }) => path === `/api/permissions/flotilla/${agent}`)
      const configure = new RegExp(String(call?.body['configure']))
      for (const other of agentNames) {
        expect(configure.test(`${other}.intents.p00`), `${agent} and ${other}`).toBe(
          other === agent,
        )
      }
    }
  })

  test('a refusal names the step and the reason', async () => {
    refused = '/api/users/strategy'
    await expect(run()).rejects.toThrow(/PUT \/api\/users\/strategy: 400 .*not today/)
  })
})
