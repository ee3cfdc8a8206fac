import { mix } from './random.ts'
import type { Candle } from './tape.ts'
import type { Level, LevelSource, Side, SymbolRules } from './types.ts'
import { floorToStep, larger, ONE, roundToStep, units } from './units.ts'

/**
 * The synthetic book: prices at equal distances around the last price, growing in size outwards. Each
 * level follows from seed, moment and index, so that no level is made before somebody asks for it. In a
 * market that has just moved far the spread is wider and the levels are thinner.
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

/** How the book stands: the second that it is laid out for, and how nervous the market is. */
export type BookMoment = {
  readonly second: number
  /** 100 is calm: the spread is as many percent of the even one, the depth that part of it. */
  readonly stress: number
}

const CALM = 100
const STRESS_MAX = 1_000
/** A minute that moves no more than this many basis points makes nobody nervous. */
const CALM_BASIS_POINTS = 25n

/** Market makers step back when the last minute has moved far: twice the move, twice the spread. */
export function stressAfter(candle: Candle | null): number {
  if (candle === null || candle.low === 0n) return CALM
  const moved = ((candle.high - candle.low) * 10_000n) / candle.low
  return Math.min(STRESS_MAX, Math.max(CALM, Number((moved * 100n) / CALM_BASIS_POINTS)))
}

export function levelsAround(
  shape: LiquidityShape,
  last: bigint,
  { second, stress }: BookMoment,
): LevelSource {
  const { tick } = shape.rules
  // The tick may have become coarser than the one of the recording.
  const price = larger(tick, floorToStep(last, tick))
  const spread = larger(
    tick,
    roundToStep((price * shape.spread * BigInt(stress)) / (ONE * 100n), tick),
  )
  const gap = larger(tick, roundToStep(price / GAPS_PER_PRICE, tick))
  const bid = price - floorToStep(spread / 2n, tick)
  const salt = mix(shape.seed, second)
  const quantityAt = quantities(shape.rules, price, { salt, stress })
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
  { salt, stress }: { readonly salt: number; readonly stress: number },
): (side: Side, index: number) => bigint {
  const base = (BEST_LEVEL_NOTIONAL * ONE * BigInt(CALM)) / (price * BigInt(stress))
  return (side, index) => {
    // Between half and one and a half of the even size.
    const percent = 50 + (mix(salt, index * 2 + (side === 'BUY' ? 0 : 1)) % 101)
    const grown = (base * BigInt(10 + index) * BigInt(percent)) / 1_000n
    return larger(rules.step, floorToStep(grown, rules.step))
  }
}
