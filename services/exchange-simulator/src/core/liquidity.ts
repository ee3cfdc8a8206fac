import { mix } from './random.ts'
import type { Level, LevelSource, Side, SymbolRules } from './types.ts'
import { floorToStep, larger, ONE, roundToStep, units } from './units.ts'

/**
 * The synthetic book: prices at equal distances around the last price, growing in size outwards. Each
 * level follows from seed, moment and index, so that no level is made before somebody asks for it.
 */
export type LiquidityShape = {
  rules: SymbolRules
  readonly seed: number
  /** Distance of best bid and best ask, as a share of the price in units. */
  readonly spread: bigint
}

const LEVELS = 1_000
/** What the best level is worth, in the quote asset. */
const BEST_LEVEL_NOTIONAL = units('20000')
/** Distance between two levels: one basis point. */
const GAPS_PER_PRICE = 10_000n

export function levelsAround(shape: LiquidityShape, last: bigint, epoch: number): LevelSource {
  const { tick } = shape.rules
  // The tick may have become coarser than the one of the recording.
  const price = larger(tick, floorToStep(last, tick))
  const spread = larger(tick, roundToStep((price * shape.spread) / ONE, tick))
  const gap = larger(tick, roundToStep(price / GAPS_PER_PRICE, tick))
  const bid = price - floorToStep(spread / 2n, tick)
  const salt = mix(shape.seed, epoch)
  const quantityAt = quantities(shape.rules, price, salt)
  return (side: Side, index: number): Level | null => {
    if (index >= LEVELS) return null
    const offset = gap * BigInt(index)
    const levelPrice = side === 'BUY' ? bid - offset : bid + spread + offset
    if (levelPrice < tick) return null
    return { price: levelPrice, quantity: quantityAt(side, index) }
  }
}

function quantities(
  rules: SymbolRules,
  price: bigint,
  salt: number,
): (side: Side, index: number) => bigint {
  const base = (BEST_LEVEL_NOTIONAL * ONE) / price
  return (side, index) => {
    // Between half and one and a half of the even size.
    const percent = 50 + (mix(salt, index * 2 + (side === 'BUY' ? 0 : 1)) % 101)
    const grown = (base * BigInt(10 + index) * BigInt(percent)) / 1_000n
    return larger(rules.step, floorToStep(grown, rules.step))
  }
}
