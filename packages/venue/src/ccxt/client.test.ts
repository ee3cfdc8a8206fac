import { afterEach, describe, expect, it } from 'vitest'

import { startScriptedServer, type ScriptedServer } from '../wire-test/scripted-server.ts'
import { BinanceClient, type ClientOptions } from './client.ts'
import { redirectUrls } from './redirect.ts'
import { WireFailure } from './wire-failure.ts'

const options: ClientOptions = {
  apiKey: 'key',
  secret: 'secret',
  recvWindowMs: 5_000,
  timeoutMs: 20_000,
  weightPerMinute: 0,
  weightShare: 1,
}

function leavesOf(tree: unknown): string[] {
  if (typeof tree === 'string') return [tree]
  if (typeof tree !== 'object' || tree === null) return []
  return Object.values(tree).flatMap(leavesOf)
}

describe('addresses', () => {
  it('are all replaced, sockets and futures included, when the venue is elsewhere', async () => {
    const client = await BinanceClient.open({ ...options, baseUrl: 'http://127.0.0.1:4000' })
    const addresses = leavesOf(client.apiUrls)
    expect(addresses.length).toBeGreaterThan(20)
    const hosts = new Set(addresses.map((address) => new URL(address).host))
    expect(hosts).toEqual(new Set(['127.0.0.1:4000']))
    expect(addresses).toContain('http://127.0.0.1:4000/api/v3')
    await client.close()
  })

  it('stay as they are for the real exchange, and change to its test network', async () => {
    const live = await BinanceClient.open(options)
    expect(leavesOf(live.apiUrls)).toContain('https://api.binance.com/api/v3')
    const test = await BinanceClient.open({ ...options, testnet: true })
    expect(leavesOf(test.apiUrls)).toContain('https://testnet.binance.vision/api/v3')
    expect(leavesOf(test.apiUrls)).not.toContain('https://api.binance.com/api/v3')
  })

  it('keep their path and take the scheme that fits', () => {
    const tree = { public: 'https://a.example/api/v3', ws: { spot: 'wss://b.example:9443/ws' } }
    expect(redirectUrls(tree, 'https://venue.test:8443/')).toEqual({
      public: 'https://venue.test:8443/api/v3',
      ws: { spot: 'wss://venue.test:8443/ws' },
    })
  })
})

describe('requests', () => {
  let server: ScriptedServer | null = null

  afterEach(async () => {
    await server?.close()
    server = null
  })

  it('do not leave the address that they were pointed at, whatever ccxt does', async () => {
    const elsewhere = await startScriptedServer()
    server = await startScriptedServer()
    const client = await BinanceClient.open({ ...options, baseUrl: server.url })
    // As if one address had been forgotten.
    const api = client.apiUrls as Record<string, string>
    api['private'] = `${elsewhere.url}/api/v3`
    await expect(client.call('privateGetAccount')).rejects.toThrow(/it was not sent/)
    expect(elsewhere.requests).toEqual([])
    await elsewhere.close()
  })

  it('fail with status, code and words of the venue, and without the signature', async () => {
    server = await startScriptedServer()
    server.on('GET /api/v3/account', { status: 400, json: { code: -1022, msg: 'Signature.' } })
    const client = await BinanceClient.open({ ...options, baseUrl: server.url })
    const failure = await client.call('privateGetAccount').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(WireFailure)
    expect(failure).toMatchObject({ status: 400, venueCode: '-1022', venueMessage: 'Signature.' })
    expect(String(failure)).not.toContain('signature=')
  })

  it('carry the time that they are told', async () => {
    server = await startScriptedServer()
    server.on('GET /api/v3/account', { json: {} })
    const client = await BinanceClient.open({ ...options, baseUrl: server.url })
    client.useTime(() => 1_722_859_200_000)
    await client.call('privateGetAccount')
    expect(server.requests[0]?.parameters['timestamp']).toBe('1722859200000')
  })
})
