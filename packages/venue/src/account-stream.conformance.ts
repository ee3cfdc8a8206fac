// What every stream of an account must tell; a part of the suite of the venue port.
import { sum } from '@flotilla/money'
import { describe, expect, it } from 'vitest'

import {
  acceptedOrder,
  free,
  limitOrder,
  protectionRequest,
  symbol,
} from './conformance-requests.ts'
import type { AccountEvent, Venue, VenueFill, VenueOrder } from './port.ts'
import type { VenueOpening } from './venue.conformance.ts'

export function describeAccountStream(stage: {
  start(opening: Partial<VenueOpening>): Promise<Venue>
  next(): Promise<unknown>
}): void {
  describe('stream of the account', { timeout: 30_000 }, () => {
    async function watched(opening: Partial<VenueOpening> = {}) {
      const venue = await stage.start(opening)
      const told = toldBy(venue)
      await told.until(() => told.events.length > 0)
      expect(told.events[0]).toEqual({ kind: 'connected' })
      return { venue, told }
    }

    it('tells of an order, of its fill as it is listed, and of the money', async () => {
      const { venue, told } = await watched()
      const placed = acceptedOrder(await venue.placeOrder(limitOrder('buy', '50500')))
      await told.until(() => told.balanceOf('BTC') !== undefined)
      const last = told.orders('c-1').at(-1)
      expect(last).toMatchObject({ status: 'filled', venueOrderId: placed.venueOrderId })
      expect(last?.filledNotional.toString()).toBe(placed.filledNotional.toString())
      const streamed = told.orders('c-1').flatMap(({ fills }) => fills ?? [])
      const listed = await venue.fetchFills(symbol, { since: 0 })
      expect(streamed.map(essentialsOf)).toEqual(listed.map(essentialsOf))
      expect(told.balanceOf('BTC')?.total.toString()).toBe(await free(venue, 'BTC'))
    })

    it('tells of an end under the name of the order, not of its cancel', async () => {
      const { venue, told } = await watched()
      const resting = limitOrder('buy', '40000', { timeInForce: 'gtc' })
      await venue.placeOrder(resting)
      await venue.cancelOrder({ symbol, clientOrderId: 'c-1' })
      await told.until(() => told.orders('c-1').at(-1)?.status === 'canceled')
      expect(told.orders('c-1').map(({ status }) => status)).toEqual(['open', 'canceled'])
    })

    it('tells what became of both exits when one of them is reached', async () => {
      const { venue, told } = await watched({ balances: { BTC: '0.01' }, path: ['50000', '48000'] })
      await venue.placeProtection(protectionRequest())
      await stage.next()
      await told.until(() => told.orders('p-1-s').at(-1)?.status === 'filled')
      await told.until(() => told.orders('p-1-t').at(-1)?.status === 'expired')
      const sold = told.orders('p-1-s').flatMap(({ fills }) => fills ?? [])
      expect(sum(sold.map(({ quantity }) => quantity)).toString()).toBe('0.01')
    })

    it('tells nothing any more after it was closed', async () => {
      const { venue, told } = await watched()
      await told.close()
      await venue.placeOrder(limitOrder('buy', '50500'))
      await venue.fetchFills(symbol, { since: 0 })
      expect(told.events).toEqual([{ kind: 'connected' }])
    })
  })
}

function toldBy(venue: Venue) {
  const events: AccountEvent[] = []
  const watch = venue.watchAccount((event) => void events.push(event))
  return {
    events,
    orders: (clientOrderId: string): VenueOrder[] =>
      events
        .flatMap((event) => (event.kind === 'order' ? [event.order] : []))
        .filter((order) => order.clientOrderId === clientOrderId),
    balanceOf: (asset: string) =>
      events
        .flatMap((event) => (event.kind === 'balances' ? event.balances : []))
        .findLast((balance) => balance.asset === asset),
    /** The test's own time limit ends a wait for what never comes. */
    until: async (holds: () => boolean): Promise<void> => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    close: () => watch.close(),
  }
}

function essentialsOf(fill: VenueFill) {
  const { tradeId, venueOrderId, side, feeAsset } = fill
  const amounts = [fill.price, fill.quantity, fill.notional, fill.fee].map(String)
  return { tradeId, venueOrderId, side, feeAsset, amounts }
}
