// The account's streams of Coinbase, MEXC and Alpaca: the real ccxt.pro classes, connected to stand-ins that speak as
// the venues' documents say.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AccountEvent, AccountWatch } from '../port.ts'
import { openSpotSocket, type SpotSocket } from '../wire-test/spot-socket.ts'
import { openSpotScene, orderId, type SpotScene } from '../wire-test/spot-venue.ts'
import { apiKey } from '../wire-test/wire-venue.ts'
import type { SpotKind } from './exchange-requests.ts'

let scene: SpotScene
let socket: SpotSocket
let watch: AccountWatch
let events: AccountEvent[]

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function listen(kind: SpotKind): Promise<void> {
  scene = await openSpotScene(kind)
  socket = openSpotSocket(kind, scene.server)
  events = []
}

function begin(): void {
  watch = scene.venue.watchAccount((event) => void events.push(event))
}

const kinds = () => events.map(({ kind }) => kind)
const orders = () => events.flatMap((event) => (event.kind === 'order' ? [event.order] : []))

afterEach(async () => {
  await watch.close()
  await scene.venue.close()
  await scene.server.close()
})

describe.each<SpotKind>(['coinbase', 'mexc', 'alpaca'])('the account stream of %s', (kind) => {
  beforeEach(() => listen(kind))

  it('says that it is connected when the venue has confirmed the subscription', async () => {
    begin()
    await until(() => events.length > 0)
    expect(events).toEqual([{ kind: 'connected' }])
    const [connection] = socket.connections
    const sent = JSON.stringify(connection?.received)
    const asked = {
      coinbase: '"channel":"user"',
      mexc: 'spot@private.orders.v3.api.pb',
      alpaca: '"streams":["trade_updates"]',
    }[kind]
    expect(sent).toContain(asked)
    const key = kind === 'mexc' ? 'listenKey=listen-key-1' : apiKey
    expect(`${connection?.path} ${sent}`).toContain(key)
  })

  it('tells of an order, of what it has filled and of its end, under our name', async () => {
    begin()
    await until(() => events.length > 0)
    for (const status of ['open', 'part', 'filled'] as const) {
      const before = orders().length
      socket.tell({ status })
      await until(() => orders().length > before)
    }
    expect(orders().map(({ status }) => status)).toEqual(['open', 'partially-filled', 'filled'])
    expect(orders().map(({ filledQuantity }) => filledQuantity.toString())).toEqual([
      '0',
      '0.004',
      '0.01',
    ])
    const costs = orders().map(({ filledNotional }) => filledNotional.toString())
    expect(costs).toEqual(['0', '200', '500'])
    expect(orders()[1]).toMatchObject({
      symbol: scene.shapes.symbol,
      clientOrderId: 'fl-1',
      venueOrderId: orderId,
      side: 'sell',
      type: 'limit',
      stopPrice: null,
      fills: null,
    })
    expect(orders()[1]?.quantity.toString()).toBe('0.01')
    expect(orders()[1]?.limitPrice?.toString()).toBe('50000')
  })

  it('tells of every order of a burst, of each its last state', async () => {
    begin()
    await until(() => events.length > 0)
    socket.tell({ status: 'open', clientOrderId: 'fl-1' })
    socket.tell({ status: 'part', clientOrderId: 'fl-1' })
    socket.tell({ status: 'canceled', clientOrderId: 'fl-1' })
    await until(() => orders().at(-1)?.status === 'canceled')
  })

  it('says when the line broke, connects again by itself and listens on', async () => {
    begin()
    await until(() => events.length > 0)
    socket.connections[0]?.end()
    await until(() => kinds().length >= 3)
    expect(kinds()).toEqual(['connected', 'disconnected', 'connected'])
    socket.tell({ status: 'filled' })
    await until(() => orders().length > 0)
    expect(socket.connections).toHaveLength(2)
  })

  it('says so when the venue closes the line, without a word or with one', async () => {
    begin()
    await until(() => events.length > 0)
    socket.connections[0]?.end(1001)
    await until(() => kinds().length >= 3)
    expect(kinds()).toEqual(['connected', 'disconnected', 'connected'])
  })

  it('says that something was missed when it could not be read, or did not come', async () => {
    begin()
    await until(() => events.length > 0)
    socket.tellUnreadable()
    await until(() => kinds().includes('gap'))
  })

  it('is not opened again with a key that the venue refused, until there is another', async () => {
    socket.refuseKeys()
    begin()
    await until(() => scene.venue.health().keysRefused !== null)
    const tries = socket.connections.length
    const asked = scene.server.requests.length
    await expect(scene.venue.fetchBalances()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(scene.venue.useKeys({ apiKey, secret: 'secret-that-must-not-show' })).toBe(false)
    expect(scene.venue.health().keysRefused).toMatch(/venue\.apiKey/)
    expect(scene.server.requests.length).toBe(asked)
    expect(socket.connections.length).toBe(tries)

    socket.takeKeys()
    expect(scene.venue.useKeys({ apiKey: 'another-key', secret: 'another-secret' })).toBe(true)
    await until(() => kinds().includes('connected'))
    expect(scene.venue.health().keysRefused).toBeNull()
  })

  it('tells nothing any more after it was closed, and leaves no line open', async () => {
    begin()
    await until(() => events.length > 0)
    await watch.close()
    socket.tell({ status: 'filled' })
    await scene.venue.fetchRules()
    expect(events).toEqual([{ kind: 'connected' }])
    const given = scene.server.sent('DELETE /api/v3/userDataStream')
    expect(given).toHaveLength(kind === 'mexc' ? 1 : 0)
  })
})
