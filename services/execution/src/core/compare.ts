// Our book against the venue's: what rests there that we do not know, and assets that are not what
// the positions say. The venue is right; a difference that nobody explains is named.
import type { Position } from '@flotilla/ledger'
import { sum, type Decimal } from '@flotilla/money'
import type { SymbolRules, VenueBalance, VenueOrder } from '@flotilla/venue'
import { isOurName } from './order-id.ts'

export type Difference =
  /** Somebody else's order in the same account: left alone. */
  | { readonly kind: 'foreign-order'; readonly symbol: string; readonly clientOrderId: string }
  /** It has our name and no row in the ledger: left alone, but a human must know. */
  | { readonly kind: 'unrecorded-order'; readonly symbol: string; readonly clientOrderId: string }
  /** The venue holds less than the positions say. */
  | {
      readonly kind: 'asset-missing'
      readonly asset: string
      readonly held: Decimal
      readonly atVenue: Decimal
    }

export type Comparison = {
  readonly rules: readonly SymbolRules[]
  readonly positions: readonly Position[]
  readonly balances: readonly VenueBalance[]
  readonly openOrders: readonly VenueOrder[]
  readonly isKnown: (clientOrderId: string) => boolean
}

export function compareWithVenue(comparison: Comparison): Difference[] {
  const { openOrders, isKnown } = comparison
  const unknown = openOrders.filter(({ clientOrderId }) => !isKnown(clientOrderId))
  const orders = unknown.map(({ symbol, clientOrderId }) => {
    const kind = isOurName(clientOrderId) ? 'unrecorded-order' : 'foreign-order'
    return { kind, symbol, clientOrderId } as const
  })
  return [...orders, ...missingAssets(comparison)]
}

/** More than the positions is fine: the account may hold what we never traded. */
function missingAssets({ rules, positions, balances }: Comparison): Difference[] {
  const assets = new Set(rules.map(({ base }) => base))
  return [...assets].flatMap((asset) => {
    const symbols = new Set(rules.filter(({ base }) => base === asset).map(({ symbol }) => symbol))
    const own = positions.filter(({ symbol }) => symbols.has(symbol))
    const held = sum(own.map(({ quantity }) => quantity))
    const atVenue = sum(balances.filter((each) => each.asset === asset).map(({ total }) => total))
    return atVenue.lessThan(held) ? [{ kind: 'asset-missing', asset, held, atVenue } as const] : []
  })
}
