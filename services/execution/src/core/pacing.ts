// Large orders in slices over a time, so that one of them does not move the market (time-weighted, "TWAP").
// Each slice is an ordinary order with a name of its own; the next one is stored with the end of the one
// before, so that a restart finds where it was. Between the slices what is held is protected.
import { Decimal, roundDownToStep } from '@flotilla/money'
import type { SymbolRules } from '@flotilla/venue'
import { isDust } from './position.ts'

export type PacingPlan = {
  /** Orders worth less go at once; in quote currency. */
  readonly notionalMin: Decimal
  readonly slices: number
  /** Milliseconds of the market from the first slice to the last. */
  readonly durationMs: number
}

/** Where an order stands in its plan. */
export type Pace = {
  readonly slice: Decimal
  /** Slices that are to come, this one included. */
  readonly left: number
  readonly everyMs: number
  /** Epoch ms before which this slice is not sent. */
  readonly notBefore: number
}

type Size = { readonly quantity: Decimal; readonly price: Decimal | null; readonly now: number }

/** Null when the order goes at once: it is small, or its slices would be too small for the venue. */
export function paceOf(
  plan: PacingPlan | null,
  rules: SymbolRules,
  { quantity, price, now }: Size,
): Pace | null {
  if (plan === null || plan.slices < 2 || price === null) return null
  if (quantity.times(price).lessThan(plan.notionalMin)) return null
  const share = quantity.dividedBy(Decimal.from(plan.slices), PLACES, 'down')
  const slice = roundDownToStep(share, rules.quantityStep)
  if (isDust(slice, price, rules)) return null
  const everyMs = Math.ceil(plan.durationMs / (plan.slices - 1))
  return { slice, left: plan.slices, everyMs, notBefore: now }
}

/** More than any venue's steps have. */
const PLACES = 12

export function nextPace(pace: Pace, now: number): Pace {
  const due = pace.notBefore + pace.everyMs
  return { ...pace, left: Math.max(1, pace.left - 1), notBefore: Math.max(due, now) }
}

/** What of the rest goes now: a slice, or all of it when it is the last, or when dust would be left. */
export function sliceOf(
  pace: Pace | null,
  rest: Decimal,
  { rules, price }: { readonly rules: SymbolRules; readonly price: Decimal | null },
): Decimal {
  if (pace === null || pace.left <= 1) return rest
  return isDust(rest.minus(pace.slice), price, rules) ? rest : pace.slice
}

export function isDue(pace: Pace | null, now: number): boolean {
  return pace === null || now >= pace.notBefore
}
