// What every venue must do, whatever stands behind the port. Run against the fake venue beside it and against the
// ccxt adapter on the exchange simulator (test/e2e), so that tests on the fake say something about the wire.
import { Decimal, sum } from '@flotilla/money'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { describeAccountStream } from './account-stream.conformance.ts'
import { describeConvert } from './convert.conformance.ts'
import {
  acceptedOrder,
  acceptedProtection,
  free,
  limitOrder,
  marketOrder,
  protectionRequest,
  symbol,
  unit,
} from './conformance-requests.ts'
import { describeMarketStream } from './market-stream.conformance.ts'
import type { SymbolRules, Venue, VenueProtection } from './port.ts'

/** BTC/USDT at the first price, fees 0.1 %, and an account of its own. */
export type VenueUnderTest = {
  readonly venue: Venue
  /** Moves the market to the next price of the path that was asked for. */
  next(): Promise<void>
  close(): Promise<void>
}
export type VenueOpening = {
  readonly balances: Readonly<Record<string, string>>
  /** Each price holds for one minute of market time. */
  readonly path: readonly string[]
}

export function describeVenue(
  name: string,
  open: (opening: VenueOpening) => Promise<VenueUnderTest>,
): void {
  describe(`venue: ${name}`, () => {
    let under: VenueUnderTest | null = null

    async function start(opening: Partial<VenueOpening> = {}): Promise<Venue> {
      await stop()
      under = await open({ balances: { USDT: '1000' }, path: ['50000'], ...opening })
      return under.venue
    }
    async function stop(): Promise<void> {
      await under?.close()
      under = null
    }
    const next = async () => under?.next()
    let venue: Venue
    beforeEach(async () => {
      venue = await start()
    })
    afterEach(stop)

    describe('market', () => {
      it('gives the rules that orders must keep', async () => {
        const [rules] = await venue.fetchRules([symbol])
        expect(rules).toMatchObject({ symbol, base: 'BTC', quote: 'USDT', status: 'trading' })
        expect(rules?.priceTick.isPositive()).toBe(true)
        expect(rules?.quantityStep.isPositive()).toBe(true)
        expect(rules?.notionalMin.isPositive()).toBe(true)
        expect(rules?.takerFeeRate.toString()).toBe('0.001')
        expect(rules?.ocoAllowed).toBe(true)
      })

      it('gives the rules of all its symbols when none is named', async () => {
        const all = await venue.fetchRules()
        expect(all.map((rules: SymbolRules) => rules.symbol)).toContain(symbol)
      })

      it('does not know a symbol that it does not list', async () => {
        await expect(venue.fetchRules(['NONE/USDT'])).rejects.toMatchObject({
          code: 'unknown_symbol',
        })
        await expect(venue.fetchTicker('NONE/USDT')).rejects.toMatchObject({
          code: 'unknown_symbol',
        })
        const outcome = await venue.placeOrder(marketOrder('sell', { symbol: 'NONE/USDT' }))
        expect(outcome).toMatchObject({ kind: 'rejected', code: 'unknown_symbol' })
      })

      it('gives prices with a spread that is not turned around', async () => {
        const ticker = await venue.fetchTicker(symbol)
        expect(ticker.last.toString()).toBe('50000')
        expect(ticker.bid?.atMost(ticker.ask ?? ticker.last)).toBe(true)
        expect(ticker.quoteVolume24h.isNegative()).toBe(false)
        const [same] = await venue.fetchTickers([symbol])
        expect(same?.symbol).toBe(symbol)
      })

      it('gives a book with the best levels first', async () => {
        const book = await venue.fetchOrderBook(symbol, 5)
        const bids = book.bids.map((level) => level.price)
        const asks = book.asks.map((level) => level.price)
        expect(bids).toEqual(bids.toSorted((one, other) => other.compare(one)))
        expect(asks).toEqual(asks.toSorted((one, other) => one.compare(other)))
        expect(bids[0]?.atMost(asks[0] ?? Decimal.zero)).toBe(true)
      })

      it('gives candles in order of time, and never one that is still forming as closed', async () => {
        venue = await start({ path: ['50000', '50100', '50200'] })
        await next()
        await next()
        const now = await venue.fetchTime()
        const candles = await venue.fetchCandles({ symbol, timeframe: '1m', limit: 10 })
        expect(candles.length).toBeGreaterThanOrEqual(2)
        const times = candles.map((candle) => candle.openTime)
        expect(times).toEqual(times.toSorted((one, other) => one - other))
        for (const candle of candles) {
          expect(candle.closeTime - candle.openTime).toBe(60_000)
          expect(candle.closed && candle.closeTime > now).toBe(false)
        }
        expect(candles[0]?.closed).toBe(true)
      })
    })

    describeMarketStream({ start, next })
    describeAccountStream({ start, next })
    describeConvert({ start, next })

    describe('orders', () => {
      it('trades an immediate-or-cancel order at the market and takes the fee from what is received', async () => {
        const order = acceptedOrder(await venue.placeOrder(limitOrder('buy', '50500')))
        expect(order).toMatchObject({ clientOrderId: 'c-1', status: 'filled', side: 'buy' })
        expect(order.filledQuantity.toString()).toBe('0.01')
        const fills = await venue.fetchFills(symbol, { since: 0 })
        expect(sum(fills.map((fill) => fill.quantity)).toString()).toBe('0.01')
        expect(sum(fills.map((fill) => fill.notional)).toString()).toBe(
          order.filledNotional.toString(),
        )
        expect(fills.every((fill) => fill.venueOrderId === order.venueOrderId)).toBe(true)
        expect(fills.every((fill) => fill.feeAsset === 'BTC')).toBe(true)
        const fees = sum(fills.map((fill) => fill.fee))
        expect(await free(venue, 'BTC')).toBe(unit.minus(fees).toString())
        expect(await free(venue, 'USDT')).toBe(
          Decimal.from(1000).minus(order.filledNotional).toString(),
        )
      })

      it('reports the same order and the same fills whenever it is asked', async () => {
        const placed = acceptedOrder(await venue.placeOrder(limitOrder('buy', '50500')))
        const asked = await venue.queryOrder({ symbol, clientOrderId: 'c-1' })
        expect(asked?.venueOrderId).toBe(placed.venueOrderId)
        expect(asked?.status).toBe('filled')
        expect(asked?.filledNotional.toString()).toBe(placed.filledNotional.toString())
        const fills = await venue.fetchFills(symbol, { since: 0 })
        expect(placed.fills?.map((fill) => fill.tradeId)).toEqual(fills.map((fill) => fill.tradeId))
        const last = fills.at(-1)?.tradeId ?? ''
        const fromLast = await venue.fetchFills(symbol, { fromId: last })
        expect(fromLast.map((fill) => fill.tradeId)).toEqual([last])
        const newest = await venue.fetchFills(symbol, { newest: 1 })
        expect(newest.map((fill) => fill.tradeId)).toEqual([last])
      })

      it('ends an immediate-or-cancel order that nobody takes, and frees its money', async () => {
        const order = acceptedOrder(await venue.placeOrder(limitOrder('buy', '49000')))
        expect(order.status).toBe('expired')
        expect(order.filledQuantity.toString()).toBe('0')
        expect(await free(venue, 'USDT')).toBe('1000')
      })

      it('lets a resting order hold its money until it is cancelled, once', async () => {
        const resting = limitOrder('buy', '40000', { timeInForce: 'gtc' })
        expect(acceptedOrder(await venue.placeOrder(resting)).status).toBe('open')
        expect(await free(venue, 'USDT')).toBe('600')
        expect((await venue.fetchOpenOrders()).map((one) => one.clientOrderId)).toEqual(['c-1'])
        const reference = { symbol, clientOrderId: 'c-1' }
        expect(acceptedOrder(await venue.cancelOrder(reference))).toMatchObject({
          clientOrderId: 'c-1',
          status: 'canceled',
        })
        expect(await free(venue, 'USDT')).toBe('1000')
        expect(await venue.fetchOpenOrders(symbol)).toEqual([])
        expect(await venue.cancelOrder(reference)).toMatchObject({ code: 'order_not_found' })
      })

      it('sells at the market', async () => {
        venue = await start({ balances: { BTC: '0.01' } })
        const order = acceptedOrder(await venue.placeOrder(marketOrder('sell')))
        expect(order).toMatchObject({ type: 'market', status: 'filled' })
        const fills = await venue.fetchFills(symbol, { since: 0 })
        const fee = sum(fills.map((fill) => fill.fee))
        expect(await free(venue, 'USDT')).toBe(order.filledNotional.minus(fee).toString())
      })

      it('refuses a maker order that would take', async () => {
        const outcome = await venue.placeOrder({
          ...marketOrder('buy'),
          type: 'limit-maker',
          limitPrice: Decimal.from('50500'),
        })
        expect(outcome).toMatchObject({ kind: 'rejected', code: 'would_match_immediately' })
      })

      it('refuses a stop that the market has passed already', async () => {
        venue = await start({ balances: { BTC: '0.01' } })
        const outcome = await venue.placeOrder({
          ...marketOrder('sell'),
          type: 'stop-loss',
          stopPrice: Decimal.from('51000'),
        })
        expect(outcome).toMatchObject({ kind: 'rejected', code: 'would_trigger_immediately' })
      })

      it('refuses what the account cannot pay', async () => {
        const outcome = await venue.placeOrder(
          limitOrder('buy', '50500', { quantity: Decimal.from('0.1') }),
        )
        expect(outcome).toMatchObject({ kind: 'rejected', code: 'insufficient_balance' })
        expect(await free(venue, 'USDT')).toBe('1000')
      })

      it('refuses what breaks a rule of the symbol, and names the rule', async () => {
        const outcome = await venue.placeOrder(
          limitOrder('buy', '50500', { quantity: Decimal.from('0.00001') }),
        )
        expect(outcome).toMatchObject({
          kind: 'rejected',
          code: 'rule_broken',
          rule: { name: 'notional_min' },
        })
      })

      it('refuses a client order id while its order is live, and takes it again afterwards', async () => {
        const resting = limitOrder('buy', '40000', { timeInForce: 'gtc' })
        const first = acceptedOrder(await venue.placeOrder(resting))
        expect(await venue.placeOrder(resting)).toMatchObject({
          kind: 'rejected',
          code: 'duplicate_client_order_id',
        })
        await venue.cancelOrder({ symbol, clientOrderId: 'c-1' })
        const second = acceptedOrder(await venue.placeOrder(resting))
        expect(second.venueOrderId).not.toBe(first.venueOrderId)
        const asked = await venue.queryOrder({ symbol, clientOrderId: 'c-1' })
        expect(asked?.venueOrderId).toBe(second.venueOrderId)
      })

      it('answers null for an order that it never had', async () => {
        expect(await venue.queryOrder({ symbol, clientOrderId: 'never' })).toBeNull()
        const reference = { symbol, clientProtectionId: 'never' }
        expect(await venue.queryProtection(reference)).toBeNull()
        expect(await venue.cancelProtection(reference)).toMatchObject({ code: 'order_not_found' })
      })
    })

    describe('protection', () => {
      const reference = { symbol, clientProtectionId: 'p-1' }

      async function protectedVenue(path: readonly string[]): Promise<VenueProtection> {
        venue = await start({ balances: { BTC: '0.01' }, path })
        return acceptedProtection(await venue.placeProtection(protectionRequest()))
      }

      it('rests both exits and holds the quantity once', async () => {
        const placed = await protectedVenue(['50000'])
        expect(placed).toMatchObject({
          clientProtectionId: 'p-1',
          status: 'open',
          stop: { clientOrderId: 'p-1-s', type: 'stop-loss', status: 'open' },
          takeProfit: { clientOrderId: 'p-1-t', type: 'limit-maker', status: 'open' },
        })
        expect(await free(venue, 'BTC')).toBe('0')
        const open = await venue.fetchOpenOrders(symbol)
        expect(open.map((one) => one.clientOrderId).toSorted()).toEqual(['p-1-s', 'p-1-t'])
        expect(new Set(open.map((one) => one.venueProtectionId))).toEqual(
          new Set([placed.venueProtectionId]),
        )
      })

      it('sells at the target when the market rises, and ends the stop', async () => {
        await protectedVenue(['50000', '53000'])
        await next()
        const after = await venue.queryProtection(reference)
        expect(after).toMatchObject({
          status: 'done',
          stop: { status: 'expired' },
          takeProfit: { status: 'filled' },
        })
        expect(await free(venue, 'USDT')).toBe('519.48')
      })

      it('sells at the market when it falls through the stop, and ends the target', async () => {
        await protectedVenue(['50000', '48000'])
        await next()
        const after = await venue.queryProtection(reference)
        expect(after).toMatchObject({
          status: 'done',
          stop: { status: 'filled' },
          takeProfit: { status: 'expired' },
        })
        expect(await venue.fetchOpenOrders()).toEqual([])
        expect(await free(venue, 'BTC')).toBe('0')
      })

      it('gives the quantity back when it is cancelled, once', async () => {
        await protectedVenue(['50000'])
        const outcome = await venue.cancelProtection(reference)
        expect(acceptedProtection(outcome).status).toBe('done')
        expect(await free(venue, 'BTC')).toBe('0.01')
        expect(await venue.cancelProtection(reference)).toMatchObject({ code: 'order_not_found' })
        const after = await venue.queryProtection(reference)
        expect(after).toMatchObject({
          stop: { status: 'canceled' },
          takeProfit: { status: 'canceled' },
        })
      })

      it('ends both exits when one of them is cancelled', async () => {
        await protectedVenue(['50000'])
        const outcome = await venue.cancelOrder({ symbol, clientOrderId: 'p-1-t' })
        expect(acceptedOrder(outcome).clientOrderId).toBe('p-1-t')
        expect(await venue.fetchOpenOrders()).toEqual([])
      })

      it('refuses exits that the market does not lie between', async () => {
        venue = await start({ balances: { BTC: '0.01' } })
        const request = protectionRequest()
        const outcome = await venue.placeProtection({
          ...request,
          stop: { ...request.stop, stopPrice: Decimal.from('51000') },
        })
        expect(outcome.kind).toBe('rejected')
        expect(await free(venue, 'BTC')).toBe('0.01')
      })

      it('refuses to protect more than there is', async () => {
        venue = await start({ balances: { BTC: '0.00999' } })
        const outcome = await venue.placeProtection(protectionRequest())
        expect(outcome).toMatchObject({ kind: 'rejected', code: 'insufficient_balance' })
      })
    })
  })
}
