import { createRandom, hashText, mix, type Random } from './random.ts'
import type { SymbolProfile } from './symbol-rules.ts'
import type { Candle, Tape } from './tape.ts'
import { units } from './units.ts'

/**
 * The seeded market. Time is cut into blocks of four hours. From block to block the logarithm of each
 * price walks, pulled back to its base price, with a part that all symbols share, regimes of
 * volatility and trend, and rare jumps. Inside a block the minutes are a random bridge from its start
 * to its end. So any minute, past or future, follows from the seed without the minutes before it.
 */
export const SYNTHETIC_ORIGIN = 25_246_080 // 2018-01-01T00:00Z, in minutes
const BLOCK = 240
const BLOCKS_KEPT = 64
const PULL = 0.003
const COMMON_SHARE = 0.8

const calmness = [0.6, 1, 1, 2.2] as const
const trends = [-1, 0, 0, 1] as const

type Block = {
  readonly volatility: number
  readonly trend: number
  /** The whole market's move over the block, in deviations, and its jump. */
  readonly common: number
  readonly jump: number
  readonly jumpMinute: number
}

export type SyntheticSymbol = {
  readonly symbol: string
  readonly profile: SymbolProfile
  readonly tick: bigint
  readonly step: bigint
}

/** The mood that all symbols share, block by block. */
export type SyntheticMood = { readonly seed: number; readonly blocks: Block[] }

export function createMood(seed: number): SyntheticMood {
  return { seed, blocks: [] }
}

export function createSyntheticTape(mood: SyntheticMood, shape: SyntheticSymbol): Tape {
  const salt = mix(mood.seed, hashText(shape.symbol))
  const levels: number[] = [0]
  const kept = new Map<number, readonly Candle[]>()
  const minutesOf = (block: number): readonly Candle[] => {
    const known = kept.get(block)
    if (known !== undefined) return known
    const made = blockCandles({ mood, shape, salt, levels }, block)
    kept.set(block, made)
    const [oldest] = kept.keys()
    if (kept.size > BLOCKS_KEPT && oldest !== undefined) kept.delete(oldest)
    return made
  }
  return {
    from: SYNTHETIC_ORIGIN,
    to: null,
    candle: (minute) => {
      const offset = minute - SYNTHETIC_ORIGIN
      if (offset < 0) return null
      return minutesOf(Math.floor(offset / BLOCK))[offset % BLOCK] ?? null
    },
  }
}

type Maker = {
  readonly mood: SyntheticMood
  readonly shape: SyntheticSymbol
  readonly salt: number
  /** Logarithm of price over base price at the start of each block. */
  readonly levels: number[]
}

function moodOf(mood: SyntheticMood, index: number): Block {
  for (let next = mood.blocks.length; next <= index; next += 1) {
    const random = createRandom(mix(mood.seed, next))
    const before = mood.blocks[next - 1]
    const stays = before !== undefined && random.next() > 0.12
    const drawn = {
      volatility: pick(calmness, random),
      trend: random.next() < 0.25 || before === undefined ? pick(trends, random) : before.trend,
    }
    const jumps = random.next() < 0.03
    const jump = (0.01 + 0.03 * random.next()) * (random.next() < 0.55 ? -1 : 1)
    mood.blocks.push({
      volatility: stays ? before.volatility : drawn.volatility,
      trend: drawn.trend,
      common: random.gaussian(),
      jump: jumps ? jump : 0,
      jumpMinute: 1 + Math.floor(random.next() * (BLOCK - 2)),
    })
  }
  const block = mood.blocks[index]
  if (block === undefined) throw new Error(`no block ${index} in the seeded market`)
  return block
}

function pick(choices: readonly number[], random: Random): number {
  return choices[Math.floor(random.next() * choices.length)] ?? 1
}

function levelAt(maker: Maker, index: number): number {
  const { levels, mood, shape } = maker
  const { volatility, beta } = shape.profile
  for (let next = levels.length; next <= index; next += 1) {
    const block = moodOf(mood, next - 1)
    const own = createRandom(mix(maker.salt, next - 1)).gaussian()
    const deviation = volatility * block.volatility * Math.sqrt(BLOCK)
    const move =
      block.trend * volatility * 2.5 +
      deviation * (COMMON_SHARE * block.common + Math.sqrt(1 - COMMON_SHARE ** 2) * own) +
      beta * block.jump
    levels.push((levels[next - 1] ?? 0) * (1 - PULL) + move)
  }
  return levels[index] ?? 0
}

function blockCandles(maker: Maker, index: number): readonly Candle[] {
  const { mood, shape } = maker
  const block = moodOf(mood, index)
  const end = levelAt(maker, index + 1)
  const start = levelAt(maker, index)
  const shared = createRandom(mix(mix(mood.seed, 0x5eed), index))
  const own = createRandom(mix(maker.salt, index + 0x1000000))
  const deviation = shape.profile.volatility * block.volatility
  const moves = Array.from(
    { length: BLOCK },
    () =>
      deviation *
      (COMMON_SHARE * shared.gaussian() + Math.sqrt(1 - COMMON_SHARE ** 2) * own.gaussian()),
  )
  const jump = shape.profile.beta * block.jump
  const drift = (end - start - jump - moves.reduce((sum, move) => sum + move, 0)) / BLOCK
  const candles: Candle[] = []
  let level = start
  for (const [minute, move] of moves.entries()) {
    const step = move + drift + (minute === block.jumpMinute ? jump : 0)
    candles.push(drawCandle({ shape, deviation, random: own }, level, level + step))
    level += step
  }
  return candles
}

type Pen = { readonly shape: SyntheticSymbol; readonly deviation: number; readonly random: Random }

/** Open and close are given; the wicks and the volume are drawn, larger when the minute moves more. */
function drawCandle(pen: Pen, from: number, to: number): Candle {
  const { shape, deviation, random } = pen
  const wick = (): number => Math.abs(random.gaussian()) * deviation * 0.5
  const excitement = 0.4 + (0.6 * Math.abs(to - from)) / deviation
  const volume = shape.profile.volume * excitement * Math.exp(0.4 * random.gaussian())
  return {
    open: priceUnits(shape, from),
    high: priceUnits(shape, Math.max(from, to) + wick()),
    low: priceUnits(shape, Math.min(from, to) - wick()),
    close: priceUnits(shape, to),
    volume: toSteps(volume, shape.step),
  }
}

function priceUnits(shape: SyntheticSymbol, level: number): bigint {
  return toSteps(shape.profile.price * Math.exp(level), shape.tick)
}

const UNITS_PER_ONE = Number(units('1'))

/** At least one step: nothing is free and nothing is empty. */
function toSteps(value: number, step: bigint): bigint {
  return BigInt(Math.max(1, Math.round((value * UNITS_PER_ONE) / Number(step)))) * step
}
