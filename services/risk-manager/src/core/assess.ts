// The risk manager's decision. An ordered list of named checks, all of which run; every reason is
// collected, and every check's answer is part of the record, so that "why was this refused" and "why
// this size" have a complete answer.
import type { DenialReason, IntentApproved, IntentProposed } from '@flotilla/contracts'
import { Decimal, roundPrice } from '@flotilla/money'
import type { SymbolRules } from '@flotilla/venue'
import type { Book } from './book.ts'
import { textOf } from './check.ts'
import type { Check, CheckOutcome, Context, Draft, Exits, Inputs } from './check.ts'
import { entryChecks } from './entry-checks.ts'
import { exitChecks } from './exit-checks.ts'
import { turnTaken, type Turn } from './intent-order.ts'
import type { Limits } from './limits.ts'
import { choosePrice, type PriceChoice } from './prices.ts'
import { observe, type Observed } from './observe.ts'

declare const approvedByRisk: unique symbol

/** Made here and nowhere else: what carries this type has passed every check. */
export type ApprovedIntent = Pick<
  IntentApproved,
  'quantity' | 'limitPrice' | 'referencePrice' | 'stopLossPrice' | 'takeProfitPrice' | 'sizing'
> & {
  readonly reserve: { readonly asset: string; readonly amount: Decimal }
  readonly [approvedByRisk]: true
}

export type CheckRecord = {
  readonly check: string
  readonly outcome: CheckOutcome['kind']
  readonly inputs: Inputs
}

type Assessed = {
  readonly checks: readonly CheckRecord[]
  readonly draft: Draft | null
  readonly price: PriceChoice
}

export type Verdict =
  | (Assessed & { readonly kind: 'approved'; readonly approved: ApprovedIntent })
  | (Assessed & {
      readonly kind: 'denied'
      readonly reasons: readonly [DenialReason, ...DenialReason[]]
    })

export type Question = {
  readonly book: Book
  readonly intent: IntentProposed
  readonly limits: Limits
  readonly now: number
  /** Of an exit that is to sell no more than this of the position. */
  readonly exitQuantity?: Decimal | null
  /** Where it is not the order of asking in which it is decided. */
  readonly turn?: Turn | null
}

export function assess(question: Question, seen: Observed = observe(question)): Verdict {
  const { book, intent, exitQuantity = null, turn = null } = question
  const rules = book.rules.get(intent.symbol) ?? null
  const price = choosePrice(question)
  const exits = intent.purpose === 'entry' ? exitsOf(question, rules, price) : null
  const base: Context = {
    ...question,
    exitQuantity,
    turn,
    seen,
    rules,
    price,
    draft: null,
    exits: exits?.prices ?? null,
  }
  const { checks, reasons, draft } = runAll(checksFor(base), base)
  const [first, ...rest] = reasons
  if (first !== undefined) {
    return { kind: 'denied', checks, draft, price, reasons: [first, ...rest] }
  }
  const approved = approve(draft, price, exits)
  return { kind: 'approved', checks, draft, price, approved }
}

function checksFor({ intent, turn }: Context): readonly Check[] {
  const checks = intent.purpose === 'entry' ? entryChecks : exitChecks
  return turn === null ? checks : [turnTaken, ...checks]
}

function runAll(checks: readonly Check[], base: Context) {
  const records: CheckRecord[] = []
  const reasons: DenialReason[] = []
  // One for all of them: they read it and keep nothing of it.
  const context: { -readonly [Key in keyof Context]: Context[Key] } = { ...base }
  for (const check of checks) {
    const outcome = check.run(context)
    if ('draft' in outcome) context.draft = outcome.draft ?? context.draft
    if (outcome.kind === 'denied') reasons.push(outcome.reason)
    records.push({ check: check.name, outcome: outcome.kind, inputs: outcome.inputs })
  }
  return { checks: records, reasons, draft: context.draft }
}

type ChosenExits = { readonly prices: Exits; readonly adjustments: readonly string[] }

/** The intent's own exits, or the configured distances from the price; always on the tick. */
function exitsOf(
  { intent, limits }: Question,
  rules: SymbolRules | null,
  price: PriceChoice,
): ChosenExits | null {
  if (rules === null || price.kind === 'none') return null
  const tick = rules.priceTick
  const onTick = (wanted: Decimal) => roundPrice({ price: wanted, tick, side: 'sell' })
  const stop = intent.stopLossPrice
  const target = intent.takeProfitPrice === null ? null : Decimal.from(intent.takeProfitPrice)
  const byDistance = price.price.times(Decimal.one.plus(limits.takeProfitShare))
  // A target that is already reached would be refused by the venue and leave the stop alone.
  const usable = target !== null && target.greaterThan(price.price)
  return {
    prices: {
      stopLossPrice: onTick(
        stop === null
          ? price.price.times(Decimal.one.minus(limits.stopLossShare))
          : Decimal.from(stop),
      ),
      takeProfitPrice: onTick(usable ? target : byDistance),
    },
    adjustments: target !== null && !usable ? ['take-profit-replaced'] : [],
  }
}

function approve(
  draft: Draft | null,
  price: PriceChoice,
  exits: ChosenExits | null,
): ApprovedIntent {
  if (draft === null || price.kind === 'none') {
    throw new Error('an intent passed every check without a size or a price')
  }
  const { prices = null, adjustments = [] } = exits ?? {}
  return {
    quantity: draft.quantity.toString(),
    limitPrice: textOf(draft.limitPrice),
    referencePrice: price.price.toString(),
    reserve: draft.reserve,
    stopLossPrice: textOf(prices?.stopLossPrice),
    takeProfitPrice: textOf(prices?.takeProfitPrice),
    sizing: { method: draft.method, adjustments: [...draft.adjustments, ...adjustments] },
  } as ApprovedIntent
}
