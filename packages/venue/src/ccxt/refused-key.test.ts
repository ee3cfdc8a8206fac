// What a refused key costs: requests are counted where they arrive.
import { Decimal } from '@flotilla/money'
import { afterEach, expect, it } from 'vitest'

import { openWireVenue, orderAnswer, type WireVenue } from '../wire-test/wire-venue.ts'

let open: WireVenue | null = null
afterEach(async () => {
  await open?.venue.close()
  await open?.server.close()
  open = null
})

const symbol = 'BTC/USDT'
const sale = {
  clientOrderId: 'fl-1',
  symbol,
  side: 'sell',
  type: 'market',
  quantity: Decimal.from('0.01'),
} as const

it.each([
  [401, { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' }],
  [400, { code: -1022, msg: 'Signature for this request is not valid.' }],
  [401, { code: -2014, msg: 'API-key format invalid.' }],
  [400, { msg: 'Unknown API Key' }],
  [403, { msg: 'This API key is not allowed here.' }],
])('an answer of %i %j to an order is the last request with this key', async (status, json) => {
  const told: string[] = []
  const tell = (_: object, message: string): void => void told.push(message)
  open = await openWireVenue({ logger: { warn: tell, error: tell } })
  const { venue, server } = open
  await venue.fetchRules([symbol])
  server.on('POST /api/v3/order', { status, json })
  expect(await venue.placeOrder(sale)).toMatchObject({ kind: 'rejected', code: 'unauthorized' })
  expect(venue.health().keysRefused).toMatch(/^binance refuses the API key .*venue\.apiKey/)

  const before = server.requests.length
  for (let times = 0; times < 5; times += 1) {
    expect(await venue.placeOrder(sale)).toMatchObject({ code: 'unauthorized' })
    expect(await venue.cancelOrder(sale)).toMatchObject({ code: 'unauthorized' })
    await expect(venue.queryOrder(sale)).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(venue.fetchBalances()).rejects.toMatchObject({ code: 'unauthorized' })
  }
  expect(server.requests.length).toBe(before)
  expect(told).toEqual(['venue refuses the key, nothing signed is sent any more'])
  // What needs no key goes on.
  expect(await venue.fetchTime()).toBeGreaterThan(0)

  venue.retryKeys()
  expect(await venue.placeOrder(sale)).toMatchObject({ code: 'unauthorized' })
  expect(server.sent('POST /api/v3/order')).toHaveLength(2)
  await venue.placeOrder(sale)
  expect(server.sent('POST /api/v3/order')).toHaveLength(2)

  server.on('POST /api/v3/order', { json: orderAnswer({ side: 'SELL', type: 'MARKET' }) })
  venue.retryKeys()
  expect((await venue.placeOrder(sale)).kind).toBe('accepted')
  expect(venue.health().keysRefused).toBeNull()
})

it('a firewall that says nothing of a key does not shut it out', async () => {
  open = await openWireVenue()
  const { venue, server } = open
  await venue.fetchRules([symbol])
  server.on('POST /api/v3/order', { status: 403, text: '<html>Forbidden</html>' })
  expect(await venue.placeOrder(sale)).toMatchObject({ kind: 'rejected', code: 'blocked' })
  expect(venue.health().keysRefused).toBeNull()
})

it('an answer to a former key does not shut out the one that took its place', async () => {
  open = await openWireVenue()
  const { venue, server } = open
  await venue.fetchRules([symbol])
  server.on('POST /api/v3/order', () => {
    // Somebody changes the key while the order is on its way with the old one.
    expect(venue.useKeys({ apiKey: 'anotherKey', secret: 'anotherSecret' })).toBe(true)
    const json = { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' }
    return { status: 401, json }
  })
  expect(await venue.placeOrder(sale)).toMatchObject({ kind: 'rejected', code: 'unauthorized' })
  expect(venue.health().keysRefused).toBeNull()
  server.on('POST /api/v3/order', { json: orderAnswer({ side: 'SELL', type: 'MARKET' }) })
  expect((await venue.placeOrder(sale)).kind).toBe('accepted')
})
