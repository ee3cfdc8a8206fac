/**
 * Amounts inside the venue are whole numbers of 1e-8, as on the exchange that it imitates. Sums are
 * exact, and a product of price and quantity is exact too, since tick times step is at least 1e-8.
 */
const UNIT_DECIMALS = 8
export const ONE = 100_000_000n

const PLAIN_DECIMAL = /^(\d{1,20})(?:\.(\d{1,20}))?$/

/** Null when the text is not a plain decimal or has more than eight significant decimals. */
export function parseUnits(text: string): bigint | null {
  const match = PLAIN_DECIMAL.exec(text)
  if (match === null) return null
  const fraction = (match[2] ?? '').replace(/0+$/, '')
  if (fraction.length > UNIT_DECIMALS) return null
  return BigInt(match[1] ?? '0') * ONE + BigInt(fraction.padEnd(UNIT_DECIMALS, '0'))
}

export function isPlainDecimal(text: string): boolean {
  return PLAIN_DECIMAL.test(text)
}

/** For constants and configuration, where a malformed amount is a mistake of ours. */
export function units(text: string): bigint {
  const value = parseUnits(text)
  if (value === null) throw new Error(`not a decimal of at most eight places: ${text}`)
  return value
}

/** Eight decimals always, as the exchange writes them. */
export function formatUnits(value: bigint): string {
  const negative = value < 0n
  const digits = (negative ? -value : value).toString().padStart(UNIT_DECIMALS + 1, '0')
  const point = digits.length - UNIT_DECIMALS
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}

export function multiply(price: bigint, quantity: bigint): bigint {
  return (price * quantity) / ONE
}

export function floorToStep(value: bigint, step: bigint): bigint {
  return step === 0n ? value : value - (value % step)
}

export function roundToStep(value: bigint, step: bigint): bigint {
  return step === 0n ? value : floorToStep(value + step / 2n, step)
}

/** The sum; where one part is zero it is the other one itself, which takes no room of its own. */
export function plus(left: bigint, right: bigint): bigint {
  if (left === 0n) return right
  return right === 0n ? left : left + right
}

export function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}

export function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right
}

/** Places after the point that a step needs: 0.00100000 has three. */
export function decimalsOfStep(step: bigint): number {
  return formatUnits(step).replace(/0+$/, '').split('.')[1]?.length ?? 0
}
