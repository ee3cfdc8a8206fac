// A clock that is ten minutes ahead of the venue's, and a thousand trades of somebody else while execution was
// away: the one that was ours is found, once, over the wire.
import type { Venue } from '@flotilla/venue'
import { Decimal } from '@flotilla/money'
import { expect, it } from 'vitest'
import { openInProcess, type InProcess } from './support/in-process.ts'
import { symbol } from './support/messages.ts'
import { openChaosVenue } from './support/venue.ts'

/** Execution must not mind its clock here, or it would send no entry. */
const settings = 'lateMs: 86400000, skewStopMs: 86400000'
const AHEAD_MS = 600_000
/** More than the venue tells at once. */
const PAGE = 1_000
const AT_ONCE = 20

/** Buys and sells by hand, under names of its own. */
async function tradeByHand(venue: Venue, trades: number): Promise<void> {
  const price = (await venue.fetchTicker(symbol)).last
  const rounds = Array.from({ length: Math.ceil(trades / AT_ONCE) }, (_, round) => round)
  for (const round of rounds) {
    const side = round % 2 === 0 ? 'buy' : 'sell'
    const limitPrice = price.times(side === 'buy' ? '1.03' : '0.97').round(2, 'down')
    const orders = Array.from({ length: AT_ONCE }, (_, at) =>
      venue.placeOrder({
        clientOrderId: `by-hand-${price.toString().replace('.', '-')}-${round}-${at}`,
        symbol,
        side,
        quantity: Decimal.from('0.0002'),
        type: 'limit',
        limitPrice,
        timeInForce: 'ioc',
      }),
    )
    await Promise.all(orders)
  }
}

const isFlat = (world: InProcess) => async () => {
  const [position] = await world.ledger.loadPositions('main')
  return position?.quantity.isPositive() !== true || position.protection?.state === 'dust'
}

it('a fill of ours between thousands of others is found after a restart, whatever the clocks say', async () => {
  const world = await openInProcess(settings, { aheadMs: AHEAD_MS })
  const { stage, ledger } = world
  const byHand = await openChaosVenue(stage.simulator.url, stage.clock, 10_000)
  try {
    await stage.propose({ purpose: 'entry' })
    await stage.until('protected', async () => (await world.calls.state()) === 'protected')
    const [bought] = await ledger.loadFills({ account: 'main' })
    await world.leave()
    await tradeByHand(byHand, PAGE)
    await stage.faults.moveMarket(-10, 5)
    const orders = await ledger.loadOrders({ account: 'main', symbol, limit: 20 })
    const stop = orders.find(({ leg }) => leg === 'stop-loss')!.clientOrderId
    const sold = async () =>
      (await byHand.queryOrder({ symbol, clientOrderId: stop }))?.status === 'filled'
    await stage.until('the stop has sold', sold)
    await tradeByHand(byHand, PAGE / 2)
    const since = await byHand.fetchFills(symbol, { fromId: bought!.tradeId })
    expect(since.length).toBeGreaterThan(PAGE)
    const { venueOrderId } = (await byHand.queryOrder({ symbol, clientOrderId: stop }))!
    const ours = since.filter((fill) => fill.venueOrderId === venueOrderId)
    expect(ours[0]!.executedAt).toBeLessThan(stage.now() + AHEAD_MS - 60_000)

    await world.rejoin()
    await stage.until('flat', isFlat(world))
    const found = await ledger.loadFills({ account: 'main', clientOrderId: stop })
    expect(found.map(({ tradeId }) => tradeId)).toEqual(ours.map(({ tradeId }) => tradeId))
  } finally {
    await byHand.close()
    await world.close()
  }
})
