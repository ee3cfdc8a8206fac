/** A wrong period is a programmer's error: configuration is checked before it gets here. */
export function assertPeriod(period: number, name = 'period'): void {
  if (!Number.isInteger(period) || period < 1) {
    throw new RangeError(`${name} must be a positive whole number, not ${period}`)
  }
}
