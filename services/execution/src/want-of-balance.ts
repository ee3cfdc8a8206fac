// A venue that refuses for want of money does not say how much: what the order needed and what is free is told
// with the refusal, as with every other rule.
import type { BrokenRule, SymbolRules, Venue } from '@flotilla/venue'
import type { Answer, Effect } from './core/index.ts'

export async function withBalance(
  answer: Answer,
  effect: Effect,
  { venue, rules }: { readonly venue: Venue; readonly rules: SymbolRules },
): Promise<Answer> {
  if (!('outcome' in answer) || answer.outcome.kind !== 'rejected') return answer
  const { code, rule: known } = answer.outcome
  const need = needOf(effect, rules)
  if (code !== 'insufficient_balance' || known !== undefined || need === null) return answer
  const balances = await venue.fetchBalances().catch(() => null)
  const free = balances?.find(({ asset }) => asset === need.asset)?.free.toString() ?? '0'
  const limit = balances === null ? 'what is free, not known' : `${free} ${need.asset} free`
  const rule: BrokenRule = { name: 'balance', value: `${need.amount} ${need.asset}`, limit }
  return { ...answer, outcome: { ...answer.outcome, rule } } as Answer
}

type Need = { readonly asset: string; readonly amount: string }

/** Null of what is no order, and of a purchase at the market, which has no price to reckon with. */
function needOf(effect: Effect, { base, quote }: SymbolRules): Need | null {
  if (effect.kind === 'place-protection') {
    const { entry, quantity } = effect.request
    return entry === undefined
      ? { asset: base, amount: quantity.toString() }
      : { asset: quote, amount: entry.quantity.times(entry.limitPrice).toString() }
  }
  if (effect.kind !== 'place-order') return null
  const { side, quantity } = effect.request
  if (side === 'sell') return { asset: base, amount: quantity.toString() }
  if (!('limitPrice' in effect.request)) return null
  return { asset: quote, amount: quantity.times(effect.request.limitPrice).toString() }
}
