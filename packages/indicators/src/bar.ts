/**
 * What a kernel sees of a closed candle. Numbers: indicators are statistics, not money. A caller may
 * use one object again and again; nothing keeps it.
 */
export type Bar = {
  /** Epoch milliseconds; sessions begin at UTC midnight. */
  readonly openTime: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** Traded quantity in base units. */
  readonly volume: number
}
