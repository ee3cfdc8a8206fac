/** The newest ticker of a symbol as filters see it; its figures are statistics here, not money. */
import { epochMs } from '@flotilla/contracts'
import type { TickerUpdated } from '@flotilla/contracts'
import type { Quote } from './filters.ts'

export function quoteOf({ bid, ask, quoteVolume24h, observedAt }: TickerUpdated): Quote {
  return {
    quoteVolume24h: quoteVolume24h === null ? null : Number(quoteVolume24h),
    spreadPercent: bid === null || ask === null ? null : spreadOf(Number(bid), Number(ask)),
    observedAt: epochMs(observedAt),
  }
}

/** A bid above the ask is two moments mixed: it is taken for no spread at all. */
function spreadOf(bid: number, ask: number): number {
  return Math.max(0, (100 * (ask - bid)) / ((ask + bid) / 2))
}

/** Tickers may come late. */
export function newerQuote(known: Quote | null, heard: Quote): Quote {
  return known === null || heard.observedAt >= known.observedAt ? heard : known
}
