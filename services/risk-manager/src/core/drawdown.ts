// How far the account is below its peak decides in what regime it trades. A regime is entered at one
// depth and left at another, so that an account that moves around a threshold does not flap.
import type { RegimeChanged } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'

export type Regime = RegimeChanged['to']

export type DrawdownLimits = {
  readonly defenseAt: Decimal
  readonly defenseUntil: Decimal
  readonly haltAt: Decimal
  readonly haltUntil: Decimal
  /** What an entry's size is multiplied with in defense. */
  readonly defenseFactor: Decimal
}

type Question = {
  readonly equity: Decimal
  readonly peak: Decimal
  readonly limits: DrawdownLimits
}

/** Deep enough to enter, or still deep enough to stay. */
export function nextRegime(regime: Regime, question: Question): Regime {
  const { limits } = question
  const at = (depth: Decimal) => isDown(question, depth)
  if (at(limits.haltAt)) return 'halt'
  switch (regime) {
    case 'normal':
      return at(limits.defenseAt) ? 'defense' : 'normal'
    case 'defense':
      return isBelow(question, limits.defenseUntil) ? 'defense' : 'normal'
    case 'halt':
      if (isBelow(question, limits.haltUntil)) return 'halt'
      return isBelow(question, limits.defenseUntil) ? 'defense' : 'normal'
  }
}

/** Of the peak, in per cent with two digits: for people. */
export function drawdownPercent(equity: Decimal, peak: Decimal): number {
  if (!peak.isPositive() || equity.atLeast(peak)) return 0
  return peak.minus(equity).times(100).dividedBy(peak, 2, 'half-up').toNumber()
}

/** A drawdown of exactly the depth counts. */
function isDown({ equity, peak }: Question, depth: Decimal): boolean {
  return peak.isPositive() && equity.atMost(peak.times(Decimal.one.minus(depth)))
}

/** A drawdown of exactly the depth has come back. */
function isBelow({ equity, peak }: Question, depth: Decimal): boolean {
  return equity.lessThan(peak.times(Decimal.one.minus(depth)))
}
