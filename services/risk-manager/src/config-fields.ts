// The kinds of numbers that the section `risk` is written in.
import { Decimal } from '@flotilla/money'
import { z } from 'zod'

/** A decimal as people write it in YAML, quoted or not; exact text from here on. */
const decimalText = z.union([z.string(), z.number()]).transform(String)

/** Market milliseconds; a day is 86400000. */
export const duration = z.int().min(0).max(31_536_000_000)

/** A share that may be a loss. */
export const signedShare = decimalText.refine(
  (text) => Decimal.isDecimal(text) && Decimal.from(text).abs().atMost('10'),
  { error: 'is not a share between -10 and 10, as -0.02' },
)

/** More than nothing and at most all of it: 0.25 is a quarter. */
export const share = decimalText.refine((text) => inRange(text, { max: '1' }), {
  error: 'is not a share above 0 and up to 1, as 0.25',
})

/** A distance in price that leaves a price. */
export const distance = decimalText.refine((text) => inRange(text, { max: '0.99' }), {
  error: 'is not a distance above 0 and below 1, as 0.05 for 5 %',
})

export const amount = decimalText.refine((text) => inRange(text, { max: '1000000000000' }), {
  error: 'is not an amount above 0, as 5',
})

function inRange(text: string, { max }: { max: string }): boolean {
  if (!Decimal.isDecimal(text)) return false
  const value = Decimal.from(text)
  return value.isPositive() && value.atMost(max)
}
