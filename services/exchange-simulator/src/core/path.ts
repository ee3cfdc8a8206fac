import { mix } from './random.ts'
import { SECONDS, type Candle } from './tape.ts'
import { larger, roundToStep, smaller } from './units.ts'

/**
 * How the price walks inside a minute: open, one extreme, the other, close, straight in between. A
 * rising minute visits its low first, a falling one its high; when within the minute is drawn from
 * the minute's number. So a stop and a take-profit inside one candle meet in a known order.
 */
export type Path = {
  readonly seconds: readonly [number, number, number, number]
  readonly prices: readonly [bigint, bigint, bigint, bigint]
  readonly tick: bigint
}

export type PathShape = { readonly seed: number; readonly tick: bigint }

export function pathOf(candle: Candle, minute: number, shape: PathShape): Path {
  const draw = mix(shape.seed, minute)
  const isRising = candle.close >= candle.open
  return {
    seconds: [0, 8 + (draw % 18), 32 + ((draw >>> 8) % 20), SECONDS - 1],
    prices: [
      candle.open,
      isRising ? candle.low : candle.high,
      isRising ? candle.high : candle.low,
      candle.close,
    ],
    tick: shape.tick,
  }
}

/** The price at a second of the minute, 0 to 59. */
export function priceAt(path: Path, second: number): bigint {
  const { seconds, prices } = path
  const leg = second <= seconds[1] ? 0 : second <= seconds[2] ? 1 : 2
  const [start, end] = [prices[leg], prices[leg + 1] ?? prices[3]]
  const [from, to] = [seconds[leg], seconds[leg + 1] ?? seconds[3]]
  if (start === undefined || from === undefined) return prices[3]
  if (second >= to) return end
  const part = ((end - start) * BigInt(second - from)) / BigInt(to - from)
  const price = roundToStep(start + part, path.tick)
  return larger(smaller(price, larger(start, end)), smaller(start, end))
}

/** The candle as far as it is known at a second; `volume` comes in evenly. */
export function candleUntil(candle: Candle, path: Path, second: number): Candle {
  const close = priceAt(path, second)
  const seen = path.prices.filter((_price, index) => (path.seconds[index] ?? 0) <= second)
  return {
    open: candle.open,
    high: [...seen, close].reduce(larger),
    low: [...seen, close].reduce(smaller),
    close,
    volume: volumeUntil(candle.volume, second),
  }
}

/** What has been traded from the start of the minute to the end of a second; -1 is nothing yet. */
export function volumeUntil(volume: bigint, second: number): bigint {
  return (volume * BigInt(second + 1)) / BigInt(SECONDS)
}
