// What a refused key costs at Coinbase, MEXC and Alpaca: in the words of each venue, counted where requests arrive.
import { afterEach, describe, expect, it } from 'vitest'
import { openSpotVenue } from './exchange-venue.ts'
import type { SpotKind } from './exchange-requests.ts'
import type { ScriptedAnswer } from '../wire-test/scripted-server.ts'
import { openSpotScene, restingSale, type SpotScene } from '../wire-test/spot-venue.ts'
import { apiKey, marketNow, secret } from '../wire-test/wire-venue.ts'

let scene: SpotScene
afterEach(async () => {
  await scene.venue.close()
  await scene.server.close()
})

/** As recorded or documented; Coinbase's first one is not even JSON. */
const refusals: readonly (readonly [SpotKind, string, ScriptedAnswer])[] = [
  ['coinbase', 'an unknown key', { status: 401, text: 'Unauthorized\n' }],
  [
    'coinbase',
    'a bad signature',
    {
      status: 401,
      json: { errors: [{ id: 'authentication_error', message: 'invalid signature' }] },
    },
  ],
  [
    'coinbase',
    'a key without the scope',
    { status: 403, json: { error: 'PERMISSION_DENIED', message: 'Missing required scopes' } },
  ],
  ['mexc', 'an unknown key', { status: 400, json: { code: 10072, msg: 'Api key info invalid' } }],
  [
    'mexc',
    'a bad signature',
    { status: 400, json: { code: 700002, msg: 'Signature for this request is not valid.' } },
  ],
  [
    'mexc',
    'an address that is not allowed',
    { status: 400, json: { code: 700006, msg: 'IP [1.2.3.4] not in the ip white list' } },
  ],
  [
    'mexc',
    'a key without the permission',
    { status: 403, json: { code: 700007, msg: 'No permission to access the endpoint.' } },
  ],
  ['alpaca', 'an unknown key', { status: 401, json: { message: 'unauthorized.' } }],
  ['alpaca', 'a key of the other network', { status: 403, json: { message: 'forbidden.' } }],
  [
    'alpaca',
    'a key without the permission',
    { status: 403, json: { code: 40110000, message: 'request is not authorized' } },
  ],
]

describe('a refused key', () => {
  it.each(refusals)('at %s, for %s, is not used again', async (kind, _why, answer) => {
    const told: string[] = []
    const tell = (_: object, message: string): void => void told.push(message)
    scene = await openSpotScene(kind, { logger: { warn: tell, error: tell } })
    const { venue, server, shapes } = scene
    const order = { ...restingSale, symbol: shapes.symbol }
    await venue.fetchRules()
    await venue.measureClock()
    server.on(shapes.place, answer)
    expect(await venue.placeOrder(order)).toMatchObject({ kind: 'rejected', code: 'unauthorized' })
    const words = new RegExp(`^${kind} refuses the API key .*venue\\.apiKey`, 's')
    expect(venue.health().keysRefused).toMatch(words)

    const before = server.requests.length
    for (let times = 0; times < 3; times += 1) {
      expect(await venue.placeOrder(order)).toMatchObject({ code: 'unauthorized' })
      expect(await venue.cancelOrder(order)).toMatchObject({ code: 'unauthorized' })
      await expect(venue.queryOrder(order)).rejects.toMatchObject({ code: 'unauthorized' })
      await expect(venue.fetchBalances()).rejects.toMatchObject({ code: 'unauthorized' })
    }
    expect(server.requests).toHaveLength(before)
    expect(told).toEqual(['venue refuses the key, nothing signed is sent any more'])

    venue.retryKeys()
    expect(await venue.placeOrder(order)).toMatchObject({ code: 'unauthorized' })
    expect(server.requests).toHaveLength(before + 1)
  })

  it('is known to whoever opens the venue with it again, until somebody says that it is good', async () => {
    scene = await openSpotScene('mexc')
    const { venue, server, shapes } = scene
    server.on('GET /api/v3/account', { status: 400, json: { code: 10072, msg: 'Api key info' } })
    await expect(venue.fetchBalances()).rejects.toMatchObject({ code: 'unauthorized' })
    const options = { kind: 'mexc', name: 'mexc', baseUrl: server.url } as const
    const clock = { now: () => marketNow }
    const again = await openSpotVenue({ ...options, clock, apiKey, secret })
    const asked = server.sent('GET /api/v3/account').length
    expect(again.health().keysRefused).toMatch(/venue\.apiKey/)
    await expect(again.fetchBalances()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(server.sent('GET /api/v3/account')).toHaveLength(asked)
    server.on('GET /api/v3/account', { json: { balances: [] } })
    again.retryKeys()
    expect(await again.fetchBalances()).toEqual([])
    await again.close()
    const other = await openSpotVenue({ ...options, clock, apiKey: 'other', secret })
    expect(other.health().keysRefused).toBeNull()
    await other.close()
    expect(shapes.symbol).toBe('BTC/USDT')
  })

  it.each(['coinbase', 'mexc', 'alpaca'] as const)(
    'at %s is not taken for the one that took its place meanwhile',
    async (kind) => {
      scene = await openSpotScene(kind)
      const { venue, server, shapes } = scene
      const order = { ...restingSale, symbol: shapes.symbol }
      await venue.fetchRules()
      await venue.measureClock()
      server.on(shapes.place, () => {
        expect(venue.useKeys({ apiKey: `${apiKey}2`, secret })).toBe(true)
        return { status: 401, json: { message: 'unauthorized.' } }
      })
      expect(await venue.placeOrder(order)).toMatchObject({ code: 'unauthorized' })
      expect(venue.health().keysRefused).toBeNull()
    },
  )

  it('does not keep the market from being watched', async () => {
    scene = await openSpotScene('coinbase')
    const { venue, server, shapes } = scene
    await venue.fetchRules()
    server.on(shapes.place, { status: 401, text: 'Unauthorized\n' })
    await venue.placeOrder({ ...restingSale, symbol: shapes.symbol })
    expect(venue.health().keysRefused).not.toBeNull()
    expect(await venue.fetchTime()).toBe(marketNow)
  })
})

/** ccxt takes these for a matter of the key. */
const others: readonly (readonly [SpotKind, number, object])[] = [
  ['mexc', 400, { code: 30020, msg: 'no permission for the symbol' }],
  ['mexc', 400, { code: 70011, msg: 'Pair user ban trade apikey.' }],
  ['mexc', 400, { code: 30018, msg: 'account cannot place orders for now' }],
  ['alpaca', 403, { code: 40310000, message: 'new orders are rejected by user request' }],
]

it.each(others)('a refusal at %s of %i %j is not one of the key', async (kind, status, json) => {
  scene = await openSpotScene(kind)
  const { venue, server, shapes } = scene
  server.on(shapes.place, { status, json })
  const outcome = await venue.placeOrder({ ...restingSale, symbol: shapes.symbol })
  expect(outcome).toMatchObject({ kind: 'rejected', code: 'rejected_by_venue' })
  expect(venue.health().keysRefused).toBeNull()
})
