// One row of a table of verdicts: what differs from the usual, and what must come out.
import { instant, type DenialReason, type IntentProposed } from '@flotilla/contracts'
import { expect } from 'vitest'
import { assess, type Book, type Limits, type Verdict } from '../core/index.ts'
import { book, intent, limits, rules, testNow, type BookOptions } from '../testing.ts'

export type Row = {
  readonly title: string
  readonly book?: BookOptions
  readonly prepare?: (made: Book) => void
  readonly intent?: IntentProposed
  readonly limits?: Partial<Limits>
  readonly now?: number
  /** Null: approved. */
  readonly denied: Partial<DenialReason> | null
  readonly adjustments?: readonly string[]
  /** Of an approval: quantity and what is reserved, `0.00134 for 67.63 USDT`. */
  readonly size?: string
}

export function verdictOf(row: Row): Verdict {
  const made = book(row.book)
  row.prepare?.(made)
  return assess({
    book: made,
    intent: row.intent ?? intent(),
    limits: limits(row.limits),
    now: row.now ?? testNow,
  })
}

export function checkRow(row: Row): void {
  const verdict = verdictOf(row)
  const reasons = verdict.kind === 'denied' ? verdict.reasons : []
  expect(reasons).toMatchObject(row.denied === null ? [] : [row.denied])
  if (verdict.kind === 'denied') return
  const { quantity, reserve, sizing } = verdict.approved
  if (row.adjustments !== undefined) expect(sizing.adjustments).toEqual(row.adjustments)
  if (row.size === undefined) return
  expect(`${quantity} for ${reserve.amount.toString()} ${reserve.asset}`).toBe(row.size)
}

export const stopped =
  (scope: string, state: 'paused' | 'flattened' | 'halted') => (made: Book) => {
    const since = instant(testNow)
    made.tradingStates.set(scope, { state, since, reason: 'a test', requestedBy: 'test' })
  }

export const withoutRules = (made: Book) => made.rules.clear()

export const btc = (overrides: Parameters<typeof rules>[1]) => ({
  rules: [rules('BTC/USDT', overrides)],
})

/** Holds exactly this much bitcoin as a position. */
export const holding = (quantity: string, funds = quantity): BookOptions => ({
  funds: { USDT: '0', BTC: funds },
  positions: { 'BTC/USDT': quantity },
})
