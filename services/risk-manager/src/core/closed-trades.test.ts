import { describe, expect, it } from 'vitest'
import { book, orderMessage, type BookOptions, type OrderOptions } from '../testing.ts'
import { applyAll } from './book.ts'
import { takeOrder } from './take.ts'

describe('a sale', () => {
  const start: BookOptions = { funds: { USDT: '100000' } }
  const buy: OrderOptions = { quantity: '1', price: '50000', fee: '50' }
  const sell: OrderOptions = { side: 'sell', leg: 'exit', quantity: '1', price: '55000' }
  const tradesAfter = (...orders: readonly OrderOptions[]) => {
    const made = book(start)
    for (const [index, each] of orders.entries()) {
      applyAll(made, takeOrder(made, orderMessage({ ...each, tradeId: String(index) })).changes)
    }
    return (made.trades.get('BTC/USDT') ?? []).map(({ profit, share, stopped }) => {
      return `${profit.toString()} ${share.toString()}${stopped ? ' stopped' : ''}`
    })
  }

  it('is a trade with what it earned net of fees', () => {
    // 55000 - 55 - 50050
    expect(tradesAfter(buy, { ...sell, fee: '55' })).toEqual(['4895 0.097802197802'])
  })

  it('in parts is one trade when it is over', () => {
    const part = { ...sell, kind: 'partially-filled', quantity: '0.5', price: '60000' } as const
    expect(tradesAfter(buy, part)).toEqual([])
    const rest = { ...sell, quantity: '0.5', price: '50000' }
    expect(tradesAfter(buy, part, rest)).toEqual(['4950 0.098901098901'])
  })

  it('of a part of the position is a trade of that part', () => {
    const half = { ...sell, quantity: '0.5' }
    expect(tradesAfter(buy, half, half)).toEqual(['2475 0.098901098901', '2475 0.098901098901'])
  })

  it('by the stop is named so', () => {
    const stopped: OrderOptions = { ...sell, leg: 'stop-loss', price: '45000' }
    expect(tradesAfter({ ...buy, fee: '0' }, stopped)).toEqual(['-5000 -0.1 stopped'])
  })

  it('of what was owned before is none', () => {
    const owned: BookOptions = { funds: { USDT: '0', BTC: '1' } }
    const made = book(owned)
    applyAll(made, takeOrder(made, orderMessage(sell)).changes)
    expect(made.trades.size).toBe(0)
  })

  it('costs what the position cost on average, bought in two parts', () => {
    const cheaper: OrderOptions = { quantity: '1', price: '40000' }
    const both = { ...sell, quantity: '2', price: '45000' }
    expect(tradesAfter({ ...buy, fee: '0' }, cheaper, both)).toEqual(['0 0'])
  })
})
