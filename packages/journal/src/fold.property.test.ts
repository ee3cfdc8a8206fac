import { Decimal, sum } from '@flotilla/money'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { foldTrades } from './fold.ts'
import { assets, told } from './testing.ts'

const digits = (max: number, scale: number) =>
  fc.integer({ min: 1, max }).map((units) => Decimal.scaled(BigInt(units), scale).toString())

const fillText = fc
  .record({
    side: fc.constantFrom('buy', 'sell'),
    quantity: digits(5_000, 3),
    price: digits(99_999_999, 7),
    fee: digits(999, 9),
    feeAsset: fc.constantFrom('BTC', 'USDT', 'BNB'),
  })
  .map(({ side, quantity, price, fee, feeAsset }) =>
    [side, quantity, price, fee, feeAsset].join(' '),
  )

it('realised profit less the cost of what is held is exactly the cash that moved', () => {
  fc.assert(
    fc.property(fc.array(fillText, { maxLength: 20 }), digits(500, 3), (lines, dust) => {
      const fills = lines.map((line, index) => told(index + 1, line))
      const isDust = (quantity: Decimal) => quantity.lessThan(dust)
      const { closed, open, held } = foldTrades(fills, { assets, isDust })
      const cash = fills.map(({ fill }) => {
        const value = fill.price.times(fill.quantity)
        const fee = fill.feeAsset === 'USDT' ? fill.fee : Decimal.zero
        return (fill.side === 'buy' ? value.negated() : value).minus(fee)
      })
      const realised = [...closed, ...(open === null ? [] : [open])]
      const explained = sum(realised.map(({ netProfit }) => netProfit)).minus(held.cost)
      expect(explained.toString()).toBe(sum(cash).toString())
      const openings = closed.map(({ openingTradeId }) => openingTradeId)
      expect(new Set(openings).size).toBe(openings.length)
    }),
    { numRuns: 300 },
  )
})
