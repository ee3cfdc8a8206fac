// From the intent's message to all that has to be done about it: what the book and the ledger change,
// and what is said. The shell carries it out.
import {
  createMessage,
  deriveId,
  IntentApproved,
  IntentDenied,
  type AnyMessage,
  type IntentProposed,
  type MessageOfType,
} from '@flotilla/contracts'
import type { Decision, Json, LedgerChange } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { assess, type ApprovedIntent, type Verdict } from './assess.ts'
import type { Book, BookChange } from './book.ts'
import { budgetOf, ownerStored } from './budgets.ts'
import type { Turn } from './intent-order.ts'
import type { Limits } from './limits.ts'
import { changesOf, observe } from './observe.ts'
import { regimeMessages } from './take-stock.ts'

export type Work = {
  /** The book and the ledger both apply these. */
  readonly changes: readonly BookChange[]
  /** Only the ledger does. */
  readonly records: readonly LedgerChange[]
  readonly outgoing: readonly AnyMessage[]
}

export type Decided = Work & { readonly verdict: Verdict }

export type IntentMessage = MessageOfType<'strategy.intent.proposed.v1'>

export function decide(question: {
  readonly book: Book
  readonly message: IntentMessage
  readonly limits: Limits
  readonly now: number
  /** Of an exit that is to sell no more than this of the position. */
  readonly exitQuantity?: Decimal
  /** Where it is not the order of asking in which it is decided. */
  readonly turn?: Turn | null
}): Decided {
  const { book, message, limits, now, exitQuantity = null, turn = null } = question
  const intent = message.payload
  const seen = observe({ book, limits, now })
  const verdict = assess({ book, intent, limits, now, exitQuantity, turn }, seen)
  const noticed = changesOf(book, seen)
  const alerts = regimeMessages({ book, seen, now, cause: message })
  const { account } = book.account
  const decision: IntentDecision = {
    account,
    // What is meant for the market that is watched is traded where the account is.
    venue: intent.venue === limits.venue ? book.account.venue : intent.venue,
    intent,
    message,
    now,
    decisionId: decisionIdOf(account, intent.intentId),
    reservationId: reservationIdOf(account, intent.intentId),
  }
  const record: LedgerChange = { kind: 'decision-recorded', decision: recordOf(decision, verdict) }
  if (verdict.kind === 'denied') {
    const payload = { ...verdictOf(decision), reasons: [...verdict.reasons] }
    const outgoing = [...alerts, createMessage(IntentDenied, { ...envelopeOf(decision), payload })]
    return { verdict, changes: noticed, records: [record], outgoing }
  }
  const { approved } = verdict
  return {
    verdict,
    changes: [...noticed, ...owned(book, decision), reservationHeld(decision, approved)],
    records: [record],
    outgoing: [...alerts, approval(decision, approved)],
  }
}

export function decisionIdOf(account: string, intentId: string): string {
  return deriveId('decision', account, intentId)
}

export function reservationIdOf(account: string, intentId: string): string {
  return deriveId('reservation', account, intentId)
}

type IntentDecision = {
  readonly account: string
  readonly venue: string
  readonly intent: IntentProposed
  readonly message: IntentMessage
  readonly now: number
  readonly decisionId: string
  readonly reservationId: string
}

function approval(decision: IntentDecision, approved: ApprovedIntent): AnyMessage {
  const { intent, reservationId } = decision
  const { reserve, ...size } = approved
  return createMessage(IntentApproved, {
    ...envelopeOf(decision),
    payload: {
      ...verdictOf(decision),
      quantity: size.quantity,
      limitPrice: size.limitPrice,
      referencePrice: size.referencePrice,
      expectedPrice: intent.expectedPrice,
      expectedPriceAt: intent.expectedPriceAt,
      reservation: {
        reservationId,
        asset: reserve.asset,
        amount: reserve.amount.toString(),
      },
      stopLossPrice: size.stopLossPrice,
      takeProfitPrice: size.takeProfitPrice,
      sizing: size.sizing,
      expiresAt: intent.expiresAt,
    },
  })
}

/** First whose it is: what is set aside counts against that budget. */
function owned(book: Book, { intent, reservationId }: IntentDecision): readonly BookChange[] {
  const budget = budgetOf(book, intent.strategy)
  return budget === null ? [] : [ownerStored(book, reservationId, budget.name)]
}

function reservationHeld(decision: IntentDecision, approved: ApprovedIntent) {
  const { account, intent, now, reservationId } = decision
  const { asset, amount } = approved.reserve
  return {
    kind: 'reservation-held',
    reservation: {
      reservationId,
      account,
      intentId: intent.intentId,
      symbol: intent.symbol,
      asset,
      amount,
      consumed: Decimal.zero,
      state: 'held',
      createdAt: now,
      endedAt: null,
      endReason: null,
    },
  } as const
}

function envelopeOf({ account, message, now }: IntentDecision) {
  return { source: 'risk-manager', occurredAt: now, cause: message, account } as const
}

function verdictOf({ account, venue, intent, decisionId }: IntentDecision) {
  const { intentId, strategy, symbol, side, purpose } = intent
  return { decisionId, intentId, strategy, account, venue, symbol, side, purpose }
}

function recordOf(decision: IntentDecision, verdict: Verdict): Decision {
  const { account, intent, message, now, decisionId, reservationId } = decision
  const approved = verdict.kind === 'approved'
  return {
    decisionId,
    intentId: intent.intentId,
    account,
    symbol: intent.symbol,
    side: intent.side,
    verdict: verdict.kind,
    checks: verdict.checks,
    reasons: approved ? [] : verdict.reasons.map((reason) => ({ ...reason })),
    sizing: sizingOf(verdict),
    reservationId: approved ? reservationId : null,
    correlationId: message.correlationId,
    decidedAt: now,
  }
}

/** The size that was found, also of a denied intent: what it would have been. */
function sizingOf({ draft }: Verdict): Json {
  if (draft === null) return null
  return {
    method: draft.method,
    adjustments: [...draft.adjustments],
    quantity: draft.quantity.toString(),
    limitPrice: draft.limitPrice?.toString() ?? null,
    asset: draft.reserve.asset,
    amount: draft.reserve.amount.toString(),
  }
}
