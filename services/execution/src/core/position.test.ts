import type { Fill } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { symbolRules } from '@flotilla/venue/testing'
import { describe, expect, it } from 'vitest'
import { applyFill, flatPosition, isDust, sellableOf } from './position.ts'

const rules = symbolRules()
const market = { account: 'main', venue: 'simulator', symbol: rules.symbol, rules }

function fill(side: 'buy' | 'sell', text: string): Fill {
  const [quantity = '0', price = '0', fee = '0', feeAsset = 'BTC'] = text.split(' ')
  return {
    account: 'main',
    venue: 'simulator',
    symbol: rules.symbol,
    tradeId: '1',
    clientOrderId: 'c',
    side,
    price: Decimal.from(price),
    quantity: Decimal.from(quantity),
    fee: Decimal.from(fee),
    feeAsset,
    filledAt: 5,
  }
}

function after(...fills: Fill[]) {
  const position = fills.reduce(
    (held, each) => applyFill(held, each, rules),
    flatPosition(market, 0),
  )
  return {
    quantity: position.quantity.toString(),
    cost: position.costBasis.toString(),
    average: position.averageEntryPrice?.toString() ?? null,
    profit: position.realisedProfit.toString(),
    openedAt: position.openedAt,
  }
}

describe('a position', () => {
  it('is smaller than what was bought by the fee in base', () => {
    const bought = after(fill('buy', '0.01 50000 0.00001 BTC'))
    expect(bought).toMatchObject({ quantity: '0.00999', cost: '500', openedAt: 5 })
    expect(bought.average).toBe('50050.05005005005')
  })

  it('is not touched by a fee in a third asset', () => {
    expect(after(fill('buy', '0.01 50000 0.002 BNB'))).toMatchObject({
      quantity: '0.01',
      cost: '500',
      average: '50000',
    })
  })

  it('counts a fee in quote as cost', () => {
    expect(after(fill('buy', '0.01 50000 0.5 USDT'))).toMatchObject({ cost: '500.5' })
  })

  it('realises the profit after all fees when it is sold', () => {
    const sold = after(fill('buy', '2 100 0.002 BTC'), fill('sell', '1.998 110 0.21978 USDT'))
    expect(sold).toMatchObject({ quantity: '0', cost: '0', average: null, openedAt: null })
    expect(sold.profit).toBe('19.56022')
  })

  it('keeps the average of the rest when a part is sold', () => {
    const left = after(fill('buy', '2 100'), fill('buy', '2 200'), fill('sell', '1 300'))
    expect(left).toMatchObject({ quantity: '3', cost: '450', average: '150', profit: '150' })
  })

  it('realises a loss as a negative profit', () => {
    expect(after(fill('buy', '1 100'), fill('sell', '1 90')).profit).toBe('-10')
  })
})

describe('what can be sold', () => {
  it('is whole steps', () => {
    expect(sellableOf(Decimal.from('0.009999'), rules).toString()).toBe('0.00999')
  })

  it.each([
    ['nothing', '0', '50000', true],
    ['less than a step', '0.000009', '50000', true],
    ['less than the smallest notional', '0.00009', '50000', true],
    ['exactly the smallest notional', '0.0001', '50000', false],
    ['a lot whose price is not known', '0.00009', null, false],
  ])('%s is judged by lot and notional', (_, quantity, price, dust) => {
    const at = price === null ? null : Decimal.from(price)
    expect(isDust(Decimal.from(quantity), at, rules)).toBe(dust)
  })
})
