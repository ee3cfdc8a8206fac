// Exchanging one asset for another at a price that the venue quotes beforehand, past its book. A part of the
// port that not every venue has, nor every adapter. The two rules of the port hold here too: accepting never
// throws and ends in one of three ways, reading answers or throws a `VenueError`. What became of a quote whose
// acceptance has no answer is asked by the quote's id; it is never accepted a second time.
import type { Decimal } from '@flotilla/money'
import type { WriteRejected, WriteUnknown } from './port.ts'

export type VenueConvert = {
  /** Asks for a price; nothing is bound by it. Throws a `VenueError`. */
  quote(request: ConvertRequest): Promise<QuoteOutcome>
  accept(quote: ConvertQuote): Promise<ConvertOutcome>
  /** Null when the venue says that this quote was not accepted. Throws a `VenueError`. */
  query(quote: ConvertQuote): Promise<VenueConversion | null>
}

/** Amounts are more than zero, and not bound to the steps of any symbol. */
export type ConvertRequest = {
  readonly from: string
  readonly to: string
} & (
  | {
      /** Of the asset that is given. */
      readonly amount: Decimal
    }
  | {
      /** Of the asset that is received. */
      readonly receive: Decimal
    }
)

export type ConvertQuote = {
  readonly quoteId: string
  readonly from: string
  readonly to: string
  readonly fromAmount: Decimal
  /** What is received; nothing is taken off it. */
  readonly toAmount: Decimal
  /** By the venue's clock, epoch milliseconds. */
  readonly validUntil: number
}

export type QuoteOutcome =
  | { readonly kind: 'quoted'; readonly quote: ConvertQuote }
  /** No price for this: too little, too much, not enough owned, no such pair. */
  | { readonly kind: 'refused'; readonly reason: string }

export type VenueConversion = {
  readonly quoteId: string
  readonly status: 'pending' | 'done' | 'failed'
  readonly from: string
  readonly to: string
  readonly fromAmount: Decimal
  readonly toAmount: Decimal
  /** When it was accepted, epoch milliseconds. */
  readonly at: number
}

export type ConvertOutcome =
  | { readonly kind: 'accepted'; readonly conversion: VenueConversion }
  | WriteRejected
  | WriteUnknown
