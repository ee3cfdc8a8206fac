// Execution at a venue that tells of orders only (MEXC, the real ccxt.pro class on a stand-in for its wire): what the
// stream says and what questions bring is one fill, and after a broken line the venue is asked.
import { afterEach, expect, it } from 'vitest'
import {
  mexcSymbol,
  openSpotScene,
  type SpotScene,
} from '../../packages/venue/src/wire-test/spot-venue.ts'
import { openSpotSocket } from '../../packages/venue/src/wire-test/spot-socket.ts'
import { approval, hold } from '../../services/execution/src/testing.ts'
import { createRig, createWorld, type Rig } from '../../services/execution/src/testing/rig.ts'

let scene: SpotScene | null = null
let rig: Rig | null = null
afterEach(async () => {
  await rig?.stop()
  await scene?.venue.close()
  await scene?.server.close()
})

const bought = { price: '50000', qty: '0.01', quoteQty: '500', commission: '0.5' }

it('records a fill once that the stream and the questions tell, and asks after a break', async () => {
  scene = await openSpotScene('mexc')
  const { server, shapes, venue } = scene
  const socket = openSpotSocket('mexc', server)
  const symbols = [mexcSymbol, { ...mexcSymbol, symbol: 'ETHUSDT', baseAsset: 'ETH' }]
  server.on('GET /api/v3/exchangeInfo', { json: { symbols } })
  server.on('GET /api/v3/account', {
    json: { balances: [{ asset: 'USDT', free: '100000', locked: '0' }] },
  })
  server.on('GET /api/v3/openOrders', { json: [] })
  server.on(shapes.fills, { json: [] })
  const ticker = { symbol: 'BTCUSDT', lastPrice: '50000', volume: '1', quoteVolume: '50000' }
  server.on('GET /api/v3/ticker/24hr', { json: { ...ticker, closeTime: '1722859200000' } })
  server.on(shapes.place, { json: { symbol: 'BTCUSDT', orderId: 'venue-order-7' } })
  // A copy that lags: it knows nothing of the fill.
  server.on(shapes.tell, ({ parameters }) => ({
    json: {
      ...(shapes.told({ status: 'open' }) as object),
      side: 'BUY',
      clientOrderId: parameters['origClientOrderId'] ?? null,
    },
  }))

  const world = await createWorld()
  rig = await createRig(world, { venue })
  await rig.agent.start()
  await rig.until(() => rig?.agent.readiness().detail['accountStream'] === 'connected')
  const { message, reservation } = approval({ name: 'in', now: world.now, expiresInMs: 36_000_000 })
  await hold(world.ledger, reservation)
  await rig.publish(message)
  await rig.until(() => server.sent(shapes.place).length === 1)
  const clientOrderId = server.sent(shapes.place)[0]?.parameters['newClientOrderId'] ?? ''

  const trade = { ...bought, symbol: 'BTCUSDT', id: 'trade-1', orderId: 'venue-order-7' }
  const fill = { ...trade, commissionAsset: 'USDT', isBuyer: true, isMaker: false }
  server.on(shapes.fills, { json: [{ ...fill, time: world.now }] })
  socket.tell({ status: 'filled', clientOrderId, side: 'buy' })
  const fills = () => world.ledger.loadFills({ account: 'main' })
  await rig.until(async () => (await fills()).length === 1)
  socket.tell({ status: 'filled', clientOrderId, side: 'buy' })

  const asked = () =>
    server.sent(shapes.fills).length + server.sent('GET /api/v3/openOrders').length
  const before = asked()
  socket.connections.at(-1)?.end()
  await rig.until(() => socket.connections.length === 2 && asked() > before)
  expect((await fills()).map(({ tradeId, quantity }) => [tradeId, quantity.toString()])).toEqual([
    ['trade-1', '0.01'],
  ])
  expect(rig.heardOf('execution.order.filled.v1')).toHaveLength(1)
  expect(
    server.sent(shapes.place).filter(({ parameters }) => parameters['side'] === 'BUY'),
  ).toHaveLength(1)
})
