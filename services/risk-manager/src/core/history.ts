// The newest candles of a symbol, for figures that are statistics: how far a price moves and how two
// prices move together. Numbers, not decimals: nothing is paid with them.
import { Atr } from '@flotilla/indicators'

export type Bar = {
  readonly openTime: number
  readonly closeTime: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/** Enough for Wilder's average of any usual period to settle, little enough to be walked at once. */
export const barsMax = 300

/** Adds the newest bar, or corrects the last one; what is older than that comes too late. */
export function noteBar(histories: Map<string, Bar[]>, symbol: string, bar: Bar): void {
  const bars = histories.get(symbol) ?? []
  if (bars.length === 0) histories.set(symbol, bars)
  const last = bars.at(-1)
  if (last !== undefined && last.openTime > bar.openTime) return
  if (last?.openTime === bar.openTime) bars.pop()
  bars.push(bar)
  // Not one by one: moving three hundred entries for each candle is work for nothing.
  if (bars.length > 2 * barsMax) bars.splice(0, bars.length - barsMax)
}

/** The average true range as a share of the last close; null while there are too few bars. */
export function atrShareOf(bars: readonly Bar[], period: number): number | null {
  const last = bars.at(-1)
  if (last === undefined || !(last.close > 0)) return null
  const atr = new Atr(period)
  for (const { high, low, close } of bars.slice(-barsMax)) atr.update(high, low, close)
  return Number.isFinite(atr.value) && atr.value > 0 ? atr.value / last.close : null
}

/**
 * How the closes of two symbols move together, -1 to 1, over the newest candles that both have; null
 * while fewer than half as many as asked for are known.
 */
export function correlationOf(
  one: readonly Bar[],
  other: readonly Bar[],
  candles: number,
): number | null {
  const [newest, otherNewest] = [one.at(-1), other.at(-1)]
  const ofOne = correlations.get(one) ?? new WeakMap<readonly Bar[], Correlation>()
  const known = ofOne.get(other)
  // Bars are only added at the end, or corrected there.
  if (
    known?.newest === newest &&
    known?.otherNewest === otherNewest &&
    known?.candles === candles
  ) {
    return known.value
  }
  const value = correlate(one, other, candles)
  correlations.set(one, ofOne.set(other, { newest, otherNewest, candles, value }))
  return value
}

type Correlation = {
  readonly newest: Bar | undefined
  readonly otherNewest: Bar | undefined
  readonly candles: number
  readonly value: number | null
}

/** Asked for several times in each decision, and another one only when a candle closes. */
const correlations = new WeakMap<readonly Bar[], WeakMap<readonly Bar[], Correlation>>()

function correlate(one: readonly Bar[], other: readonly Bar[], candles: number): number | null {
  const closes = new Map(other.slice(-barsMax).map(({ openTime, close }) => [openTime, close]))
  const pairs = one.slice(-barsMax).flatMap(({ openTime, close }) => {
    const match = closes.get(openTime)
    return match === undefined || !(match > 0) || !(close > 0) ? [] : [[close, match] as const]
  })
  const newest = pairs.slice(-candles - 1)
  if (newest.length - 1 < candles / 2) return null
  return pearson(
    newest.slice(1).map(([close, match], index) => {
      const [before, matchBefore] = newest[index]!
      return [Math.log(close / before), Math.log(match / matchBefore)]
    }),
  )
}

/** Null where one of the two does not move at all. */
function pearson(pairs: readonly (readonly [number, number])[]): number | null {
  const meanOf = (pick: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[pick], 0) / pairs.length
  const [meanX, meanY] = [meanOf(0), meanOf(1)]
  let both = 0
  let squaresX = 0
  let squaresY = 0
  for (const [x, y] of pairs) {
    both += (x - meanX) * (y - meanY)
    squaresX += (x - meanX) ** 2
    squaresY += (y - meanY) ** 2
  }
  const scale = Math.sqrt(squaresX * squaresY)
  return scale > 0 ? both / scale : null
}
