/** Files of candles by the ending of their name; both formats hold the same figures exactly. */
export const candleFormats = ['csv', 'parquet'] as const
export type CandleFormat = (typeof candleFormats)[number]
