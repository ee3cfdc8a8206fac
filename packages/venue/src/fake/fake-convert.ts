// The fake venue's convert desk: a price a little worse than the market's, good for some seconds. Each trade is
// booked in the balances; acceptances can be scripted as every other write.
import { Decimal } from '@flotilla/money'

import type {
  ConvertOutcome,
  ConvertQuote,
  ConvertRequest,
  QuoteOutcome,
  VenueConversion,
  VenueConvert,
} from '../convert.ts'
import type { WriteRejected, WriteUnknown } from '../port.ts'
import { rejected, type FakeBook } from './fake-book.ts'

type Work = () => ConvertOutcome

export type FakeConvertOptions = {
  readonly book: FakeBook
  readonly now: () => number
  readonly noteRead: (argument: unknown) => void
  readonly write: (quote: ConvertQuote, work: Work) => ConvertOutcome | WriteRejected | WriteUnknown
}

const VALID_MS = 10_000
/** What of the market's price is paid. */
const KEPT = Decimal.from('0.999')
const PLACES = 8

export class FakeConvert implements VenueConvert {
  readonly #options: FakeConvertOptions
  readonly #done = new Map<string, VenueConversion>()
  /** The quotes that were said to be accepted, whatever came of it. */
  readonly acceptances: string[] = []
  #quotes = 0
  #refusal: string | null = null

  constructor(options: FakeConvertOptions) {
    this.#options = options
  }

  /** For a test: no price is given for this reason; null ends it. */
  refuseQuotes(reason: string | null): void {
    this.#refusal = reason
  }

  /** The truth: what was converted. */
  all(): VenueConversion[] {
    return [...this.#done.values()]
  }

  async quote(request: ConvertRequest): Promise<QuoteOutcome> {
    this.#options.noteRead(request)
    const { from, to } = request
    const { book, now } = this.#options
    if (this.#refusal !== null) return { kind: 'refused', reason: this.#refusal }
    const amounts = this.#amountsOf(request)
    if (amounts === null || !amounts.toAmount.isPositive()) {
      return { kind: 'refused', reason: `no price for so much ${from} in ${to}` }
    }
    if (book.account.free(from).lessThan(amounts.fromAmount)) {
      return { kind: 'refused', reason: `not enough ${from} for a quote` }
    }
    const quoteId = `q${String(++this.#quotes)}`
    const validUntil = now() + VALID_MS
    return { kind: 'quoted', quote: { quoteId, from, to, ...amounts, validUntil } }
  }

  async accept(quote: ConvertQuote): Promise<ConvertOutcome> {
    this.acceptances.push(quote.quoteId)
    return this.#options.write(quote, () => this.#carryOut(quote))
  }

  async query(quote: ConvertQuote): Promise<VenueConversion | null> {
    this.#options.noteRead(quote)
    return this.#done.get(quote.quoteId) ?? null
  }

  #carryOut(quote: ConvertQuote): ConvertOutcome {
    const { book, now } = this.#options
    const { quoteId, from, to, fromAmount, toAmount } = quote
    if (now() > quote.validUntil) return rejected('rejected_by_venue', 'The quote has expired.')
    if (this.#done.has(quoteId)) return rejected('rejected_by_venue', 'The quote was used.')
    if (book.account.free(from).lessThan(fromAmount)) {
      return rejected('insufficient_balance', `not enough ${from}`)
    }
    book.account.credit(from, fromAmount.negated())
    book.account.credit(to, toAmount)
    const conversion = { quoteId, from, to, fromAmount, toAmount, at: now() }
    this.#done.set(quoteId, { ...conversion, status: 'done' })
    return { kind: 'accepted', conversion: { ...conversion, status: 'pending' } }
  }

  #amountsOf(request: ConvertRequest): Pick<ConvertQuote, 'fromAmount' | 'toAmount'> | null {
    const { from, to } = request
    if ('amount' in request) {
      const toAmount = this.#worthOf(from, to, request.amount)
      return toAmount === null ? null : { fromAmount: request.amount, toAmount }
    }
    const one = this.#worthOf(from, to, Decimal.from(1))
    if (one === null || !one.isPositive()) return null
    const fromAmount = request.receive.dividedBy(one, PLACES, 'up')
    return { fromAmount, toAmount: request.receive }
  }

  #worthOf(from: string, to: string, amount: Decimal): Decimal | null {
    const { book } = this.#options
    const sold = book.priceOf(`${from}/${to}`)
    if (sold !== null) return amount.times(sold).times(KEPT).round(PLACES, 'down')
    const bought = book.priceOf(`${to}/${from}`)
    return bought === null ? null : amount.times(KEPT).dividedBy(bought, PLACES, 'down')
  }
}
