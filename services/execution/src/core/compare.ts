// Our book against the venue's: what rests there that we do not know, and assets whose total our fills
// do not explain. The venue is right; a difference that nobody explains is named.
import type { Position } from '@flotilla/ledger'
import { Decimal, sum } from '@flotilla/money'
import type { SymbolRules, VenueBalance, VenueOrder } from '@flotilla/venue'
import { isWorking } from './order-life.ts'
import type { Desk, GivenUp } from './desk.ts'
import { isOurName } from './order-id.ts'

export type Difference =
  /** Somebody else's order in the same account: left alone. */
  | { readonly kind: 'foreign-order'; readonly symbol: string; readonly clientOrderId: string }
  /** It has our name and no row in the ledger: left alone, but a human must know. */
  | { readonly kind: 'unrecorded-order'; readonly symbol: string; readonly clientOrderId: string }
  | AssetDifference

export type AssetDifference = {
  /** The venue holds less, or more, than what was there before us and our fills come to. */
  readonly kind: 'asset-missing' | 'asset-surplus'
  readonly asset: string
  readonly expected: Decimal
  readonly atVenue: Decimal
}

/** What the account holds beside our trading, by asset: it changes by deposits and withdrawals only. */
export type Baselines = ReadonlyMap<string, Decimal>

export type Holdings = {
  readonly rules: readonly SymbolRules[]
  readonly positions: readonly Position[]
  readonly balances: readonly VenueBalance[]
}

/** Less than this is rounding: costs are kept to twelve digits. */
const TOLERANCE = Decimal.from('0.00000001')

export function unknownOrders(
  openOrders: readonly VenueOrder[],
  isKnown: (clientOrderId: string) => boolean,
): Difference[] {
  const unknown = openOrders.filter(({ clientOrderId }) => !isKnown(clientOrderId))
  return unknown.map(({ symbol, clientOrderId }) => {
    const kind = isOurName(clientOrderId) ? 'unrecorded-order' : 'foreign-order'
    return { kind, symbol, clientOrderId } as const
  })
}

/** An asset without a baseline is not judged: there is nothing yet that it could differ from. */
export function assetDifferences(holdings: Holdings, baselines: Baselines): AssetDifference[] {
  return [...baselines].flatMap(([asset, baseline]) => {
    const atVenue = totalOf(holdings, asset)
    const expected = baseline.plus(tradedOf(holdings, asset))
    const drift = atVenue.minus(expected)
    if (drift.abs().atMost(TOLERANCE)) return []
    const kind = drift.isNegative() ? 'asset-missing' : 'asset-surplus'
    return [{ kind, asset, expected, atVenue } as const]
  })
}

/** What is there now beside our trading; never less than nothing, or a loss would be its own excuse. */
export function baselineOf(holdings: Holdings, asset: string): Decimal {
  return Decimal.max(Decimal.zero, totalOf(holdings, asset).minus(tradedOf(holdings, asset)))
}

export function assetsOf(rules: readonly Pick<SymbolRules, 'base' | 'quote'>[]): string[] {
  return [...new Set(rules.flatMap(({ base, quote }) => [base, quote]))]
}

function totalOf({ balances }: Holdings, asset: string): Decimal {
  return sum(balances.filter((each) => each.asset === asset).map(({ total }) => total))
}

/** What all our fills so far have brought of an asset, or taken. */
function tradedOf({ rules, positions }: Holdings, asset: string): Decimal {
  const flows = rules.flatMap(({ symbol, base, quote }) => {
    const own = positions.filter((position) => position.symbol === symbol)
    if (base === asset) return own.map(({ quantity }) => quantity)
    if (quote !== asset) return []
    // Profits came in, and what is held was paid for; both count fees.
    return own.map(({ realisedProfit, costBasis }) => realisedProfit.minus(costBasis))
  })
  return sum(flows)
}

/** Nothing is on its way that the venue may know and we do not: only then balances can be judged. */
export function isCalm({ tickets, pending, givenUp }: Desk): boolean {
  const writes = [...pending].some((key) => key.startsWith('place:') || key.startsWith('cancel:'))
  // What was given up and is asked about may be the very reason of a difference.
  const isAsked = ([subject, each]: [string, GivenUp]) =>
    each.isSuspect || pending.has(`ask:${subject}`)
  if (writes || [...givenUp].some(isAsked)) return false
  return [...tickets.values()].every(({ order, seen }) => {
    if (seen !== null && seen.filledQuantity.greaterThan(order.filledQuantity)) return false
    if (!isWorking(order.state)) return true
    return seen !== null && (order.state === 'accepted' || order.state === 'partially-filled')
  })
}
