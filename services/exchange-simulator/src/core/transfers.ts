import { holdingOf, lock } from './holdings.ts'
import { payAsset, tell } from './lifecycle.ts'
import type { Engine, FundsEvent } from './types.ts'

/**
 * Money that moves without an order: it comes and goes from outside, or another system of the exchange
 * holds a part of it, as it does with the collateral of a loan. Where it comes from counts as the house,
 * so that an asset's sum stays what it was.
 */
export type FundsMove = {
  readonly kind: FundsEvent['kind']
  readonly asset: string
  /** In units; a withdrawal and the end of a lock are negative. */
  readonly delta: bigint
  readonly now: number
}

/** Null when it was done, else how much may be moved at the most. */
export function moveFunds(engine: Engine, move: FundsMove): bigint | null {
  const { kind, asset, delta, now } = move
  const most = movableOf(engine, move)
  if (most !== null && (delta < 0n ? -delta : delta) > most) return most
  if (kind === 'OUTSIDE_LOCK') lock(engine, asset, delta)
  else {
    const holding = holdingOf(engine, asset)
    holding.free += delta
    holding.house -= delta
    engine.changes.assets.add(asset)
  }
  tell(engine, { kind, asset, delta, time: now })
  return null
}

/** Null for a deposit, which has no end. */
function movableOf(engine: Engine, { kind, asset, delta }: FundsMove): bigint | null {
  if (kind === 'TRANSFER') return delta > 0n ? null : freeOf(engine, asset)
  return delta > 0n ? freeOf(engine, asset) : lockedOutside(engine, asset)
}

function freeOf({ holdings }: Engine, asset: string): bigint {
  return holdings.get(asset)?.free ?? 0n
}

/** What is locked and no order holds. */
export function lockedOutside(engine: Engine, asset: string): bigint {
  let locked = engine.holdings.get(asset)?.locked ?? 0n
  for (const market of engine.markets.values()) {
    for (const order of market.live.values()) {
      if (payAsset(market, order) === asset) locked -= order.locked
    }
  }
  return locked
}
