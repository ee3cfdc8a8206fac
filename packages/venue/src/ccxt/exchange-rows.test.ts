// Each row of what a venue takes, where the table of orders on the wire says nothing: test networks, names, forms of
// symbols, minimums, and what is refused before it leaves.
import { Decimal } from '@flotilla/money'
import { afterEach, describe, expect, it } from 'vitest'
import { venueKinds, venueRows, venueSymbol, type VenueKind } from '../venue-rows.ts'
import { openTakingScene, restingSale, type SpotScene } from '../wire-test/spot-venue.ts'
import { BinanceClient } from './client.ts'
import { ExchangeClient } from './exchange-client.ts'
import type { SpotKind } from './exchange-requests.ts'
import { KeyDoor } from './key-door.ts'

let scene: SpotScene | null = null
async function open(kind: SpotKind): Promise<SpotScene> {
  scene = await openTakingScene(kind)
  return scene
}
afterEach(async () => {
  await scene?.venue.close()
  await scene?.server.close()
  scene = null
})

async function urlsOf(kind: VenueKind, testnet: boolean): Promise<string> {
  const row = venueRows[kind]
  const times = { recvWindowMs: row.recvWindowMs, timeoutMs: 20_000 }
  const limits = { weightPerMinute: 0, weightShare: 1 }
  if (kind === 'binance') {
    const client = await BinanceClient.open({ testnet, ...times, ...limits })
    return JSON.stringify(client.apiUrls)
  }
  const door = new KeyDoor({ name: kind, place: { kind }, keys: null, logger: undefined })
  const options = { kind, row, testnet, ...times, weightShare: 1, rateLimited: true, door }
  return JSON.stringify((await ExchangeClient.open(options)).apiUrls)
}

/** Hosts of the orders and of the account's stream. */
const hosts: Readonly<Record<VenueKind, { live: readonly string[]; test: readonly string[] }>> = {
  binance: {
    live: ['https://api.binance.com/api/v3', 'wss://ws-api.binance.com'],
    test: ['https://testnet.binance.vision/api/v3', 'wss://ws-api.testnet.binance.vision'],
  },
  coinbase: { live: ['https://api.', 'wss://advanced-trade-ws.coinbase.com'], test: [] },
  mexc: { live: ['https://api.mexc.com', 'wbs-api.mexc.com/ws'], test: [] },
  alpaca: {
    live: ['https://api.{hostname}', 'wss://api.alpaca.markets/stream'],
    test: ['https://paper-api.{hostname}', 'wss://paper-api.alpaca.markets/stream'],
  },
}

describe.each(venueKinds)('%s', (kind) => {
  it('is where its orders and its stream go, unless a test network is asked for', async () => {
    const live = await urlsOf(kind, false)
    for (const host of hosts[kind].live) expect(live).toContain(host)
    const { sandboxUrl } = venueRows[kind]
    expect(hosts[kind].test.length > 0).toBe(sandboxUrl !== null)
    const test = sandboxUrl === null ? live : await urlsOf(kind, true)
    for (const host of hosts[kind].test) expect(test).toContain(host)
    const orders = hosts[kind].live[0] ?? ''
    expect(test.includes(`"${orders}"`)).toBe(sandboxUrl === null && live.includes(`"${orders}"`))
  })

  it('has symbols of its own form', () => {
    const forms = { binance: 'BTCUSD', coinbase: 'BTC-USD', mexc: 'BTCUSD', alpaca: 'BTC/USD' }
    expect(venueSymbol(kind, 'BTC/USD')).toBe(forms[kind])
  })

  it('says why nothing is exchanged at a quoted price where it is not', () => {
    const { convert } = venueRows[kind]
    expect(convert.offered || convert.why.length > 10).toBe(true)
  })
})

describe.each<SpotKind>(['coinbase', 'mexc', 'alpaca'])('orders of %s', (kind) => {
  const row = venueRows[kind]
  const longest = { coinbase: 64, mexc: 32, alpaca: 48 }[kind]

  it('carry names up to its length under its own field, and longer or other ones not at all', async () => {
    const { venue, server, shapes } = await open(kind)
    const { symbol } = shapes
    const clientOrderId = 'a'.repeat(longest)
    expect((await venue.placeOrder({ ...restingSale, symbol, clientOrderId })).kind).toBe(
      'accepted',
    )
    const [sent] = server.sent(shapes.place)
    const carried =
      sent?.body.startsWith('{') === true
        ? (JSON.parse(sent.body) as Record<string, string>)
        : sent?.parameters
    expect(carried?.[row.clientOrderId.field]).toBe(clientOrderId)
    for (const name of ['a'.repeat(longest + 1), 'with space', '']) {
      const outcome = await venue.placeOrder({ ...restingSale, symbol, clientOrderId: name })
      expect(outcome).toMatchObject({ code: 'invalid_request', rule: { name: 'client_order_id' } })
    }
    expect(server.sent(shapes.place)).toHaveLength(1)
  })

  it('below its minimums and off its steps stay here, with the rule, the value and the limit', async () => {
    const { venue, server, shapes } = await open(kind)
    const [rules] = await venue.fetchRules([shapes.symbol])
    const { quantityMin, quantityStep, priceTick, notionalMin } = rules!
    const half = (of: Decimal) => of.dividedBy(Decimal.from(2), 14, 'down')
    const cases = [
      ['quantity_min', { quantity: half(quantityMin) }],
      ['quantity_step', { quantity: restingSale.quantity.plus(half(quantityStep)) }],
      ['price_tick', { limitPrice: restingSale.limitPrice.plus(half(priceTick)) }],
    ] as const
    for (const [, wrong] of cases) {
      const outcome = await venue.placeOrder({ ...restingSale, symbol: shapes.symbol, ...wrong })
      expect(outcome).toMatchObject({ kind: 'rejected', code: 'rule_broken' })
      const { rule } = outcome as { rule?: { name: string; value: string; limit: string } }
      expect(rule?.name).toMatch(/quantity|lot|step|price|tick/)
      expect(rule?.value).not.toBe('')
      expect(rule?.limit).not.toBe('')
    }
    const cheap = { limitPrice: priceTick, quantity: quantityMin }
    const outcome = await venue.placeOrder({ ...restingSale, symbol: shapes.symbol, ...cheap })
    expect(outcome.kind).toBe(notionalMin.isZero() ? 'accepted' : 'rejected')
    expect(server.sent(shapes.place)).toHaveLength(notionalMin.isZero() ? 1 : 0)
  })

  it('of every type of the row leave, and of no other', async () => {
    const { venue, server, shapes } = await open(kind)
    const stops = { stopPrice: Decimal.from('49000'), limitPrice: Decimal.from('48500') }
    const forms = {
      market: {},
      limit: { limitPrice: restingSale.limitPrice, timeInForce: 'gtc' },
      'limit-maker': { limitPrice: restingSale.limitPrice },
      'stop-loss': { stopPrice: stops.stopPrice },
      'stop-loss-limit': { ...stops, timeInForce: 'gtc' },
      'take-profit': { stopPrice: Decimal.from('52000') },
      'take-profit-limit': { ...stops, timeInForce: 'gtc' },
    } as const
    const { clientOrderId, side, quantity } = restingSale
    const common = { clientOrderId, side, quantity, symbol: shapes.symbol }
    const left: string[] = []
    for (const [type, terms] of Object.entries(forms)) {
      const before = server.sent(shapes.place).length
      await venue.placeOrder({ ...common, type, ...terms } as Parameters<
        typeof venue.placeOrder
      >[0])
      if (server.sent(shapes.place).length > before) left.push(type)
    }
    expect(left).toEqual(Object.keys(row.orderParameters))
  })
})

it('a stop to buy at Coinbase waits for the price to rise', async () => {
  const { venue, server, shapes } = await open('coinbase')
  const stops = { stopPrice: Decimal.from('51000'), limitPrice: Decimal.from('51500') }
  const stop = { ...restingSale, ...stops, type: 'stop-loss-limit', side: 'buy' } as const
  await venue.placeOrder({ ...stop, symbol: shapes.symbol })
  expect(server.sent(shapes.place)[0]?.body).toContain('"STOP_DIRECTION_STOP_UP"')
})

it('a form of a type that a venue has not is refused and does not throw', async () => {
  const { venue, server, shapes } = await open('coinbase')
  const stops = { stopPrice: Decimal.from('49000'), limitPrice: Decimal.from('48500') }
  const stop = { ...restingSale, ...stops, type: 'stop-loss-limit', timeInForce: 'ioc' } as const
  const outcome = await venue.placeOrder({ ...stop, symbol: shapes.symbol })
  expect(outcome).toMatchObject({ kind: 'rejected', code: 'unsupported' })
  expect(server.sent(shapes.place)).toEqual([])
})

it('fill-or-kill leaves for Alpaca as such, and a cancel without a word in answer is one', async () => {
  const { venue, server, shapes } = await open('alpaca')
  const { symbol } = shapes
  await venue.placeOrder({ ...restingSale, symbol, timeInForce: 'fok' })
  expect(server.sent(shapes.place)[0]?.body).toContain('"time_in_force":"fok"')
  server.on(shapes.cancel, () => {
    server.on(shapes.tell, { json: shapes.told({ status: 'canceled' }) })
    return { status: 204, text: '' }
  })
  const outcome = await venue.cancelOrder({ symbol, clientOrderId: 'fl-1' })
  expect(outcome).toMatchObject({ kind: 'accepted', order: { status: 'canceled' } })
})

it('stocks are not listed at Alpaca: only the market of coins is read there', async () => {
  const { venue, server } = await open('alpaca')
  const outcome = await venue.placeOrder({ ...restingSale, symbol: 'AAPL/USD' })
  expect(outcome).toMatchObject({ kind: 'rejected', code: 'unknown_symbol' })
  const [asked] = server.sent('GET /v2/assets')
  expect(asked?.parameters['asset_class']).toBe('crypto')
})
