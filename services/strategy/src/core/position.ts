/** What is held of each symbol, newest version wins. Dust counts as nothing. */
import type { PositionChanged } from '@flotilla/contracts'
import type { HeldPosition } from '@flotilla/strategy-kit'

export type KnownPosition = {
  readonly version: number
  /** Null when flat. */
  readonly held: HeldPosition | null
}

export function positionOf(payload: PositionChanged): KnownPosition {
  const { version, quantity, averageEntryPrice, protection } = payload
  const flat = quantity === '0' || protection.state === 'none' || protection.state === 'dust'
  const average = averageEntryPrice === null ? null : Number(averageEntryPrice)
  return {
    version,
    held: flat ? null : { quantity: Number(quantity), averageEntryPrice: average },
  }
}

/** Messages may come twice or late. */
export function newer(known: KnownPosition | undefined, heard: KnownPosition): KnownPosition {
  return known === undefined || heard.version > known.version ? heard : known
}
