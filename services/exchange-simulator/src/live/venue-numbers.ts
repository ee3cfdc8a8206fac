import { parseUnits, roundToStep } from '../core/index.ts'

/** A number of a venue as units; null when it is none, or nothing. */
export function amountOf(value: number | null | undefined): bigint | null {
  const amount = parseUnits((value ?? 0).toFixed(8))
  return amount === 0n ? null : amount
}

/** Venues say prices in floating point; the nearest tick is what they mean. */
export function priceOf(value: number | null | undefined, tick: bigint): bigint | null {
  const price = roundToStep(amountOf(value) ?? 0n, tick)
  return price > 0n ? price : null
}
