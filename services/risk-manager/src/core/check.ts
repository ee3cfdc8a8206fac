// The shape of a check. A check sees everything, changes nothing, and answers with one of: it passes,
// it is the one that finds the size, it adjusts the size, it denies with the numbers, or it has
// nothing to look at because an earlier one failed. Every answer carries what it looked at.
import type { DenialReason, IntentProposed } from '@flotilla/contracts'
import type { Json } from '@flotilla/ledger'
import type { Decimal } from '@flotilla/money'
import type { SymbolRules } from '@flotilla/venue'
import type { Book } from './book.ts'
import type { Turn } from './intent-order.ts'
import type { Limits } from './limits.ts'
import type { PriceChoice } from './prices.ts'
import type { Observed } from './observe.ts'

/** What a size must not be raised above, however small it is, and why. */
export type Ceiling = { readonly quantity: Decimal; readonly because: 'risk' | 'liquidity' }

/** The size as it stands after the checks so far. */
export type Draft = {
  readonly quantity: Decimal
  /** The worst price of an entry; null for an exit at the market. */
  readonly limitPrice: Decimal | null
  readonly reserve: { readonly asset: string; readonly amount: Decimal }
  readonly method: string
  /** In the order in which they were made. */
  readonly adjustments: readonly string[]
  readonly ceiling: Ceiling | null
}

/** The exits of an entry, on the tick. */
export type Exits = { readonly stopLossPrice: Decimal; readonly takeProfitPrice: Decimal }

export type Context = {
  readonly book: Book
  readonly intent: IntentProposed
  readonly limits: Limits
  readonly now: number
  readonly seen: Observed
  readonly rules: SymbolRules | null
  readonly price: PriceChoice
  /** An exit sells no more than this; null: all of the position. */
  readonly exitQuantity: Decimal | null
  /** Null: decided in the order of asking. */
  readonly turn: Turn | null
  /** Null until the size was found, or when it cannot be. */
  readonly draft: Draft | null
  /** Null for an exit, and where price or rules are missing. */
  readonly exits: Exits | null
}

export type Inputs = { readonly [name: string]: Json }

export type CheckOutcome =
  | { readonly kind: 'passed'; readonly inputs: Inputs; readonly draft?: Draft }
  | { readonly kind: 'sized'; readonly inputs: Inputs; readonly draft: Draft }
  | { readonly kind: 'adjusted'; readonly inputs: Inputs; readonly draft: Draft }
  | { readonly kind: 'denied'; readonly inputs: Inputs; readonly reason: DenialReason }
  | { readonly kind: 'skipped'; readonly inputs: Inputs }

export type Check = {
  /** Stable: it is part of the decision record. */
  readonly name: string
  readonly run: (context: Context) => CheckOutcome
}

export const passed = (inputs: Inputs = {}): CheckOutcome => ({ kind: 'passed', inputs })

export const denied = (reason: DenialReason, inputs: Inputs = {}): CheckOutcome => ({
  kind: 'denied',
  inputs,
  reason,
})

export const skipped = (because: string): CheckOutcome => ({
  kind: 'skipped',
  inputs: { because },
})

/** A decimal as it stands in records and messages. */
export const textOf = (value: Decimal | null | undefined): string | null =>
  value?.toString() ?? null
