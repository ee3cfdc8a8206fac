// What every desk that exchanges assets at a quoted price must do; a part of the suite of the venue port.
import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'

import { free } from './conformance-requests.ts'
import type { ConvertQuote, VenueConvert } from './convert.ts'
import type { Venue } from './port.ts'
import type { VenueOpening } from './venue.conformance.ts'

/** No order could sell this: it is below every step, and worth less than the least value. */
const dust = Decimal.from('0.00001234')

export function describeConvert(stage: {
  start(opening: Partial<VenueOpening>): Promise<Venue>
  next(): Promise<unknown>
}): void {
  describe('conversions', () => {
    async function opened(bitcoin = '1') {
      const venue = await stage.start({ balances: { BTC: bitcoin }, path: ['50000', '50000'] })
      const { convert } = venue
      if (convert === undefined) throw new Error('the venue has no convert desk')
      return { venue, convert }
    }

    async function quoted(convert: VenueConvert, amount = dust): Promise<ConvertQuote> {
      const outcome = await convert.quote({ from: 'BTC', to: 'USDT', amount })
      if (outcome.kind === 'refused') throw new Error(outcome.reason)
      return outcome.quote
    }

    it('exchange what no order could, for exactly what was quoted', async () => {
      const { venue, convert } = await opened()
      const quote = await quoted(convert)
      expect(quote.fromAmount.toString()).toBe('0.00001234')
      expect(quote.toAmount.lessThan(Decimal.from('0.617'))).toBe(true)
      expect(quote.toAmount.greaterThan(Decimal.from('0.61'))).toBe(true)
      expect(await convert.query(quote)).toBeNull()
      const outcome = await convert.accept(quote)
      expect(outcome).toMatchObject({ kind: 'accepted', conversion: { quoteId: quote.quoteId } })
      const told = await convert.query(quote)
      expect(told).toMatchObject({ status: 'done', from: 'BTC', to: 'USDT' })
      expect(told?.toAmount.toString()).toBe(quote.toAmount.toString())
      expect(await free(venue, 'BTC')).toBe('0.99998766')
      expect(await free(venue, 'USDT')).toBe(quote.toAmount.toString())
    })

    it('are asked for by what is to be received as well', async () => {
      const { venue, convert } = await opened()
      const asked = { from: 'BTC', to: 'USDT', receive: Decimal.from('1000') }
      const outcome = await convert.quote(asked)
      if (outcome.kind === 'refused') throw new Error(outcome.reason)
      const { fromAmount, toAmount } = outcome.quote
      expect(toAmount.toString()).toBe('1000')
      expect(fromAmount.greaterThan(Decimal.from('0.0199'))).toBe(true)
      expect(fromAmount.lessThan(Decimal.from('0.0203'))).toBe(true)
      expect((await convert.accept(outcome.quote)).kind).toBe('accepted')
      expect(await free(venue, 'USDT')).toBe('1000')
    })

    it('happen once, however often they are accepted', async () => {
      const { venue, convert } = await opened()
      const quote = await quoted(convert)
      await convert.accept(quote)
      expect(await convert.accept(quote)).toMatchObject({ kind: 'rejected' })
      expect(await free(venue, 'BTC')).toBe('0.99998766')
    })

    it('do not happen at a price that has expired', async () => {
      const { venue, convert } = await opened()
      const quote = await quoted(convert)
      await stage.next()
      expect(await convert.accept(quote)).toMatchObject({ kind: 'rejected' })
      expect(await convert.query(quote)).toBeNull()
      expect(await free(venue, 'BTC')).toBe('1')
    })

    it('have no price where there is none, nor for more than is owned', async () => {
      const { convert } = await opened('0.5')
      const none = await convert.quote({ from: 'BTC', to: 'NONE', amount: dust })
      expect(none.kind).toBe('refused')
      const more = await convert.quote({ from: 'BTC', to: 'USDT', amount: Decimal.from('0.6') })
      expect(more.kind).toBe('refused')
    })
  })
}
