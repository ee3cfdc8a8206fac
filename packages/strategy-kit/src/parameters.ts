import { z } from 'zod'
import { stopLossPercentDefault, takeProfitPercentDefault } from './priced-wish.ts'

/** A number of candles. */
export function period(byDefault: number, maximum = 500) {
  return z.int().min(1).max(maximum).default(byDefault)
}

/** The two suggested exits of an entry, in per cent of its price; every shipped strategy has them. */
export const exitParameters = {
  stopLossPercent: z
    .number()
    .min(0.1)
    .max(50)
    .default(stopLossPercentDefault)
    .describe('The loss, in per cent of the price, at which the position is closed.'),
  takeProfitPercent: z
    .number()
    .min(0.1)
    .max(500)
    .default(takeProfitPercentDefault)
    .describe('The profit, in per cent of the price, at which the position is closed.'),
}

/** Rounded to a tenth, and never outside 0 to 100. */
export function clampConfidence(value: number): number {
  return Math.round(Math.min(100, Math.max(0, value)) * 10) / 10
}
