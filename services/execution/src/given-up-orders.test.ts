// An order that was given up long ago, of which this process never heard: when balances differ the ledger is looked
// through before anything is said of the difference.
import type { Order } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import { account, approval, hold, startedAt, symbol, venueName } from './testing.ts'
import { isProtected, wrapped } from './testing/deaths.ts'
import { liveRigs } from './testing/live-rigs.ts'
import { createWorld, type Rig, type World } from './testing/rig.ts'

const live = liveRigs()

const DAY_MS = 86_400_000
const name = 'flslongago-e1'

const drifts = (rig: Rig) =>
  rig.said.filter((message) => message.type === 'execution.entries.changed.v1')

/** Given up two days ago, as its row says: longer than it is asked about by itself. */
async function withOldOrder(): Promise<World> {
  const world = await createWorld()
  const first = await live(world)
  await first.until(
    async () => (await world.ledger.recall('execution', 'baseline:USDT')) === '1000000',
  )
  await first.agent.stop()
  const { message, reservation } = approval({ name: 'long ago' })
  await hold(world.ledger, reservation)
  const at = startedAt - 2 * DAY_MS
  const { intentId, quantity } = message.payload
  const order: Order = {
    clientOrderId: name,
    account,
    venue: venueName,
    symbol,
    intentId,
    reservationId: reservation.reservationId,
    leg: 'entry',
    attempt: 1,
    side: 'buy',
    type: 'limit',
    quantity: Decimal.from(quantity),
    price: Decimal.from('50100'),
    stopPrice: null,
    timeInForce: 'ioc',
    state: 'not-placed',
    venueOrderId: null,
    listId: null,
    filledQuantity: Decimal.zero,
    quoteFilled: Decimal.zero,
    createdAt: at,
    submittedAt: at,
    updatedAt: at,
    version: 1,
    reason: 'not_placed',
    correlationId: message.correlationId,
    details: { causeId: 'x', expiresAt: at, target: null, stop: '49000', takeProfit: '52000' },
  }
  const changes = [{ kind: 'order-created', order } as const]
  await world.ledger.commit([{ consumer: 'execution', causeId: null, changes, outgoing: [] }])
  return world
}

async function landed(world: World): Promise<void> {
  const { last } = await world.venue.fetchTicker(symbol)
  await world.venue.placeOrder({
    clientOrderId: name,
    symbol,
    side: 'buy',
    quantity: Decimal.from('0.01'),
    type: 'limit',
    limitPrice: last.plus(100),
    timeInForce: 'ioc',
  })
}

describe('a balance that differs', () => {
  it('because of an order that was given up long ago has it found and protected, and stops nothing', async () => {
    const world = await withOldOrder()
    await landed(world)
    const rig = await live(world)
    await rig.until(() => isProtected(world))
    const later = world.now + 30_000
    await rig.until(() => world.now > later)
    expect(drifts(rig)).toEqual([])
    expect(await world.ledger.findOrder(name)).toMatchObject({ state: 'filled' })
  })

  it('for another reason is told, after each of them was asked about', async () => {
    const world = await withOldOrder()
    const asked: string[] = []
    const venue = wrapped(world.venue, (method, given, call) => {
      if (method === 'queryOrder') asked.push((given as { clientOrderId: string }).clientOrderId)
      return call()
    })
    world.venue.credit('USDT', '-50')
    const rig = await live(world, { venue })
    await rig.until(() => drifts(rig).length > 0)
    expect(asked).toEqual([name])
    expect(drifts(rig)).toMatchObject([{ payload: { asset: 'USDT', cause: 'balance_drift' } }])
  })
})
