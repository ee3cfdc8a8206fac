// Rounding to what a venue accepts, always in the direction that cannot hurt: a quantity never
// grows, and a price never becomes worse than the one that was decided on.
import type { Decimal } from './decimal.ts'

/**
 * The largest multiple of `step` that is not above `value` (of the smaller magnitude when
 * negative). A step of zero means that the venue has none: the value comes back unchanged.
 */
export function roundDownToStep(value: Decimal, step: Decimal): Decimal {
  if (!step.isPositive()) return unstepped(value, step)
  return value.dividedBy(step, 0, 'down').times(step)
}

/** The smallest multiple of `step` that is not below `value`. */
export function roundUpToStep(value: Decimal, step: Decimal): Decimal {
  if (!step.isPositive()) return unstepped(value, step)
  return value.dividedBy(step, 0, 'up').times(step)
}

/** Whether the value is a whole number of steps; always so for a step of zero. */
export function isMultipleOf(value: Decimal, step: Decimal): boolean {
  return roundDownToStep(value, step).equals(value)
}

/**
 * Rounds a price to the tick. A limit price never becomes worse for its owner: down for a buy, up
 * for a sell. A stop price triggers rather early than late: up for a sell (its market is
 * falling), down for a buy (its market is rising).
 */
export function roundPrice(options: {
  readonly price: Decimal
  readonly tick: Decimal
  readonly side: 'buy' | 'sell'
}): Decimal {
  const { price, tick, side } = options
  return side === 'buy' ? roundDownToStep(price, tick) : roundUpToStep(price, tick)
}

function unstepped(value: Decimal, step: Decimal): Decimal {
  if (step.isZero()) return value
  throw new RangeError(`not a step: ${step.toString()}; it is positive, or zero for none`)
}
