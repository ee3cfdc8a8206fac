/**
 * A key that the venue refuses, over a real wire: the requests are counted where they arrive. One source
 * is off with one message; nothing more is asked with the key, however long the agent runs.
 */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openBinanceVenue } from '@flotilla/venue'
import type { Venue } from '@flotilla/venue'
import { afterEach, expect, it } from 'vitest'
import { minute } from './testing.ts'
import { Stage } from './testing-stage.ts'

let server: Server | null = null
let venue: Venue | null = null
let stage: Stage | null = null
afterEach(async () => {
  await stage?.end()
  await venue?.close()
  server?.closeAllConnections()
  await new Promise((done) => server?.close(done))
})

it.each([
  [401, { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' }, 1],
  [400, { msg: 'Unknown API Key' }, 1],
  // Nothing is said of a key: a firewall may be what an operator has changed.
  [403, { msg: 'Forbidden' }, 2],
])(
  'after an answer of %i %j a reload with the same key makes it %i requests in all',
  { timeout: 60_000 },
  async (status, refusal, inAll) => {
    const on = new Stage()
    stage = on
    const asked: string[] = []
    server = createServer((request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? ''
      asked.push(path)
      const isTime = path === '/api/v3/time'
      response.writeHead(isTime ? 200 : status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(isTime ? { serverTime: on.context.clock.now() } : refusal))
    })
    await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const { clock, logger } = on.context
    const baseUrl = `http://127.0.0.1:${port}`
    const keys = { apiKey: 'wrong', secret: 'wrong' }
    const open = () => openBinanceVenue({ name: 'simulator', baseUrl, clock, logger, ...keys })
    venue = await open()
    on.open = open
    await on.listen()
    await on.start({}, ['BTC/USDT'], venue)

    const refused = () => asked.filter((path) => path !== '/api/v3/time').length
    expect(refused()).toBe(1)
    const before = asked.length
    await clock.advance(24 * 60 * minute)
    expect(asked.length).toBe(before)
    expect(on.states()).toMatchObject([{ source: 'simulator', state: 'disabled' }])
    expect(on.context.logs.messages('error')).toEqual(['venue state changed'])

    await on.reload()
    await clock.advance(minute)
    expect(refused()).toBe(inAll)
    await clock.advance(60 * minute)
    expect(refused()).toBe(inAll)
    expect(on.states()).toHaveLength(1)
  },
)
