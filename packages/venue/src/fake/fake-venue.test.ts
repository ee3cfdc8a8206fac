import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'

import type { OrderRequest, ProtectionRequest } from '../port.ts'
import { createFakeVenue, type FakeVenue } from './fake-venue.ts'

const symbol = 'BTC/USDT'

function venueAt(price: string, balances: Record<string, string> = { USDT: '1000' }): FakeVenue {
  return createFakeVenue({ balances, prices: { [symbol]: price } })
}

function buy(overrides: Partial<{ clientOrderId: string; limitPrice: string }> = {}): OrderRequest {
  return {
    clientOrderId: overrides.clientOrderId ?? 'c-1',
    symbol,
    side: 'buy',
    type: 'limit',
    timeInForce: 'ioc',
    quantity: Decimal.from('0.01'),
    limitPrice: Decimal.from(overrides.limitPrice ?? '50100'),
  }
}

const protection: ProtectionRequest = {
  clientProtectionId: 'p-1',
  symbol,
  side: 'sell',
  quantity: Decimal.from('0.00999'),
  stop: { clientOrderId: 'p-1-s', stopPrice: Decimal.from('49000') },
  takeProfit: { clientOrderId: 'p-1-t', limitPrice: Decimal.from('52000') },
}

async function balancesOf(venue: FakeVenue): Promise<Record<string, string>> {
  const balances = await venue.fetchBalances()
  return Object.fromEntries(
    balances.map(({ asset, free, locked }) => [asset, `${free.toString()}+${locked.toString()}`]),
  )
}

describe('fake venue', () => {
  it('trades an order that crosses at the market price and takes the fee from what is received', async () => {
    const venue = venueAt('50000')
    const outcome = await venue.placeOrder(buy())
    expect(outcome).toMatchObject({ kind: 'accepted', order: { status: 'filled' } })
    expect(await balancesOf(venue)).toEqual({ USDT: '500+0', BTC: '0.00999+0' })
  })

  it('expires the rest of an immediate-or-cancel order that was filled in part', async () => {
    const venue = venueAt('50000')
    venue.script({ kind: 'partial', quantity: '0.004' })
    const outcome = await venue.placeOrder(buy())
    expect(outcome.kind === 'accepted' && outcome.order.status).toBe('expired')
    expect(outcome.kind === 'accepted' && outcome.order.filledQuantity.toString()).toBe('0.004')
    expect(await balancesOf(venue)).toEqual({ USDT: '800+0', BTC: '0.003996+0' })
  })

  it('answers unknown for an order that landed, and finds it when asked', async () => {
    const venue = venueAt('50000')
    venue.script({ kind: 'unknown-landed' })
    expect((await venue.placeOrder(buy())).kind).toBe('unknown')
    expect((await venue.queryOrder({ symbol, clientOrderId: 'c-1' }))?.status).toBe('filled')
  })

  it('lets a delayed order arrive only when the test says so', async () => {
    const venue = venueAt('50000')
    venue.script({ kind: 'unknown-lands-later' })
    await venue.placeOrder(buy())
    expect(await venue.queryOrder({ symbol, clientOrderId: 'c-1' })).toBeNull()
    venue.land()
    expect((await venue.queryOrder({ symbol, clientOrderId: 'c-1' }))?.status).toBe('filled')
  })

  it('lets the take-profit fill at its limit and ends the stop with it', async () => {
    const venue = venueAt('50000', { BTC: '0.00999' })
    await venue.placeProtection(protection)
    expect(await balancesOf(venue)).toEqual({ BTC: '0+0.00999' })
    venue.setPrice(symbol, '52500')
    const after = await venue.queryProtection({ symbol, clientProtectionId: 'p-1' })
    expect(after).toMatchObject({
      status: 'done',
      stop: { status: 'expired' },
      takeProfit: { status: 'filled' },
    })
    expect(await balancesOf(venue)).toEqual({ USDT: '518.96052+0' })
  })

  it('lets the stop sell at the market when the price falls through it', async () => {
    const venue = venueAt('50000', { BTC: '0.00999' })
    await venue.placeProtection(protection)
    venue.setPrice(symbol, '48000')
    const after = await venue.queryProtection({ symbol, clientProtectionId: 'p-1' })
    expect(after).toMatchObject({
      status: 'done',
      stop: { status: 'filled' },
      takeProfit: { status: 'expired' },
    })
    expect(await balancesOf(venue)).toEqual({ USDT: '479.04048+0' })
  })

  it('gives everything back when a protection is cancelled', async () => {
    const venue = venueAt('50000', { BTC: '0.00999' })
    await venue.placeProtection(protection)
    expect((await venue.cancelProtection({ symbol, clientProtectionId: 'p-1' })).kind).toBe(
      'accepted',
    )
    expect(await balancesOf(venue)).toEqual({ BTC: '0.00999+0' })
    const again = await venue.cancelProtection({ symbol, clientProtectionId: 'p-1' })
    expect(again).toMatchObject({ kind: 'rejected', code: 'order_not_found' })
  })

  it('refuses a client order id only while its order is live', async () => {
    const venue = venueAt('50000')
    const resting: OrderRequest = {
      type: 'limit-maker',
      clientOrderId: 'c-1',
      symbol,
      side: 'buy',
      quantity: Decimal.from('0.01'),
      limitPrice: Decimal.from('40000'),
    }
    await venue.placeOrder(resting)
    expect(await venue.placeOrder(buy())).toMatchObject({ code: 'duplicate_client_order_id' })
    await venue.cancelOrder({ symbol, clientOrderId: 'c-1' })
    expect((await venue.placeOrder(buy())).kind).toBe('accepted')
  })

  it('names the rule, the value and the limit of an order that breaks one', async () => {
    const venue = venueAt('50000')
    const outcome = await venue.placeOrder({ ...buy(), quantity: Decimal.from('0.000011') })
    expect(outcome).toMatchObject({
      code: 'rule_broken',
      rule: { name: 'quantity_step', value: '0.000011', limit: '0.00001' },
    })
  })

  it('throws the scripted error as often as asked', async () => {
    const venue = venueAt('50000')
    venue.failReads('timeout', 2)
    await expect(venue.fetchTicker(symbol)).rejects.toMatchObject({ code: 'timeout' })
    await expect(venue.fetchBalances()).rejects.toMatchObject({ code: 'timeout' })
    expect((await venue.fetchTicker(symbol)).last.toString()).toBe('50000')
  })
})
