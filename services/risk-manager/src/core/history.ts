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
