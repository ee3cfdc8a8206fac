// Exact decimal numbers for money, prices and quantities.
//
// A value is coefficient / 10^scale with a bigint coefficient: sums, differences and products are
// exact, and nothing is rounded unless the caller says to how many digits and in which direction.

/** What a decimal can be made of; a `number` must be a whole, safe integer. */
export type DecimalInput = string | bigint | number | Decimal

/** `down` is toward zero, `up` away from zero, `half-up` to the nearest with halves away from zero. */
export type RoundingMode = 'down' | 'up' | 'half-up'

const PATTERN = /^(-)?(\d+)(?:\.(\d+))?$/
/** Longer texts are an attack or a bug: no price or quantity has hundreds of digits. */
const TEXT_LENGTH_MAX = 128
const SCALE_MAX = 200

const powers: bigint[] = [1n]

function powerOfTen(exponent: number): bigint {
  for (let known = powers.length; known <= exponent; known++) powers.push(powers[known - 1]! * 10n)
  return powers[exponent]!
}

export class Decimal {
  /** The value times ten to the power of `scale`. */
  readonly coefficient: bigint
  /** Digits after the point, 0 or more; as few as the value needs. */
  readonly scale: number
  /** Limits, steps and prices are written down in every decision: made once. */
  #text: string | null = null

  private constructor(coefficient: bigint, scale: number) {
    this.coefficient = coefficient
    this.scale = scale
  }

  static readonly zero: Decimal = new Decimal(0n, 0)
  static readonly one: Decimal = new Decimal(1n, 0)

  /**
   * Reads a plain decimal text such as `-12.50`; no exponent, no sign but minus, no separators.
   * @throws RangeError when the input is no exact decimal number.
   */
  static from(input: DecimalInput): Decimal {
    if (input instanceof Decimal) return input
    if (typeof input === 'bigint') return Decimal.scaled(input, 0)
    if (typeof input === 'number') {
      if (!Number.isSafeInteger(input)) {
        throw new RangeError(`not an exact decimal: the number ${input}; pass a decimal string`)
      }
      return Decimal.scaled(BigInt(input), 0)
    }
    return parse(input)
  }

  /** The value `coefficient / 10^scale`, `scale` from 0 to 200. */
  static scaled(coefficient: bigint, scale: number): Decimal {
    if (!Number.isInteger(scale) || scale < 0 || scale > SCALE_MAX) {
      throw new RangeError(`not a scale: ${scale}; it is a whole number from 0 to ${SCALE_MAX}`)
    }
    if (coefficient === 0n) return Decimal.zero
    if (scale === 0) return new Decimal(coefficient, 0)
    const small = Number(coefficient)
    return Number.isSafeInteger(small)
      ? Decimal.#fewestDigitsOf(small, coefficient, scale)
      : Decimal.#fewestDigits(coefficient, scale)
  }

  /** The same for a coefficient that a `number` holds exactly, which most are: far quicker. */
  static #fewestDigitsOf(small: number, coefficient: bigint, scale: number): Decimal {
    if (small % 10 !== 0) return new Decimal(coefficient, scale)
    let reduced = small
    let digits = scale
    while (digits > 0 && reduced % 10 === 0) {
      reduced /= 10
      digits--
    }
    return new Decimal(BigInt(reduced), digits)
  }

  static #fewestDigits(coefficient: bigint, scale: number): Decimal {
    let reduced = coefficient
    let digits = scale
    while (digits > 0 && reduced % 10n === 0n) {
      reduced /= 10n
      digits--
    }
    return new Decimal(reduced, digits)
  }

  /** Whether `Decimal.from` would take this text. */
  static isDecimal(text: string): boolean {
    return text.length <= TEXT_LENGTH_MAX && PATTERN.test(text)
  }

  static min(first: Decimal, ...rest: readonly Decimal[]): Decimal {
    return rest.reduce((least, each) => (each.lessThan(least) ? each : least), first)
  }

  static max(first: Decimal, ...rest: readonly Decimal[]): Decimal {
    return rest.reduce((most, each) => (each.greaterThan(most) ? each : most), first)
  }

  plus(other: DecimalInput): Decimal {
    const right = Decimal.from(other)
    const scale = Math.max(this.scale, right.scale)
    return Decimal.scaled(this.at(scale) + right.at(scale), scale)
  }

  minus(other: DecimalInput): Decimal {
    const right = Decimal.from(other)
    const scale = Math.max(this.scale, right.scale)
    return Decimal.scaled(this.at(scale) - right.at(scale), scale)
  }

  times(other: DecimalInput): Decimal {
    const right = Decimal.from(other)
    return Decimal.scaled(this.coefficient * right.coefficient, this.scale + right.scale)
  }

  /**
   * The quotient with at most `scale` digits after the point, rounded by `mode`.
   * @throws RangeError on a divisor of zero.
   */
  dividedBy(other: DecimalInput, scale: number, mode: RoundingMode): Decimal {
    const right = Decimal.from(other)
    if (right.coefficient === 0n) throw new RangeError(`division by zero: ${this.toString()} / 0`)
    const shift = scale + right.scale - this.scale
    const numerator = shift > 0 ? this.coefficient * powerOfTen(shift) : this.coefficient
    const denominator = shift < 0 ? right.coefficient * powerOfTen(-shift) : right.coefficient
    return Decimal.scaled(divide(numerator, denominator, mode), scale)
  }

  /** The value with at most `scale` digits after the point. */
  round(scale: number, mode: RoundingMode): Decimal {
    if (this.scale <= scale) return this
    return Decimal.scaled(divide(this.coefficient, powerOfTen(this.scale - scale), mode), scale)
  }

  negated(): Decimal {
    return new Decimal(-this.coefficient, this.scale)
  }

  abs(): Decimal {
    return this.coefficient < 0n ? this.negated() : this
  }

  /** Negative, zero or positive as this is less than, equal to or greater than the other. */
  compare(other: DecimalInput): -1 | 0 | 1 {
    const right = Decimal.from(other)
    const scale = Math.max(this.scale, right.scale)
    const one = this.at(scale)
    const two = right.at(scale)
    if (one === two) return 0
    return one < two ? -1 : 1
  }

  equals(other: DecimalInput): boolean {
    return this.compare(other) === 0
  }

  lessThan(other: DecimalInput): boolean {
    return this.compare(other) < 0
  }

  greaterThan(other: DecimalInput): boolean {
    return this.compare(other) > 0
  }

  atMost(other: DecimalInput): boolean {
    return this.compare(other) <= 0
  }

  atLeast(other: DecimalInput): boolean {
    return this.compare(other) >= 0
  }

  isZero(): boolean {
    return this.coefficient === 0n
  }

  isNegative(): boolean {
    return this.coefficient < 0n
  }

  isPositive(): boolean {
    return this.coefficient > 0n
  }

  /** The coefficient this value would have at the given scale, which must not be too small. */
  at(scale: number): bigint {
    if (scale < this.scale) {
      throw new RangeError(`${this.toString()} does not fit into ${scale} digits after the point`)
    }
    return scale === this.scale
      ? this.coefficient
      : this.coefficient * powerOfTen(scale - this.scale)
  }

  /** The nearest floating-point number: for indicators, statistics and charts, never for money. */
  toNumber(): number {
    return Number(this.toString())
  }

  /** Plain text without exponent and without trailing zeros: the form that travels. */
  toString(): string {
    this.#text ??= this.#write()
    return this.#text
  }

  #write(): string {
    if (this.scale === 0) return this.coefficient.toString()
    const negative = this.coefficient < 0n
    const digits = (negative ? -this.coefficient : this.coefficient)
      .toString()
      .padStart(this.scale + 1, '0')
    const whole = digits.slice(0, -this.scale)
    return `${negative ? '-' : ''}${whole}.${digits.slice(-this.scale)}`
  }

  /** Text with exactly `scale` digits after the point, as venues and people like to see it. */
  toFixed(scale: number, mode: RoundingMode = 'half-up'): string {
    const rounded = this.round(scale, mode)
    if (scale === 0) return rounded.toString()
    const [whole, fraction = ''] = rounded.toString().split('.')
    return `${whole}.${fraction.padEnd(scale, '0')}`
  }

  toJSON(): string {
    return this.toString()
  }
}

/** The exact sum; zero for none. */
export function sum(values: Iterable<Decimal>): Decimal {
  let total = Decimal.zero
  for (const value of values) total = total.plus(value)
  return total
}

function parse(text: string): Decimal {
  const match = text.length <= TEXT_LENGTH_MAX ? PATTERN.exec(text) : null
  if (match === null) {
    const shown = text.length > 40 ? `${text.slice(0, 40)}...` : text
    throw new RangeError(`not a decimal number: "${shown}"; write it like 12.5, without exponent`)
  }
  const fraction = match[3] ?? ''
  const coefficient = BigInt(`${match[2]}${fraction}`)
  return Decimal.scaled(match[1] === undefined ? coefficient : -coefficient, fraction.length)
}

function divide(numerator: bigint, denominator: bigint, mode: RoundingMode): bigint {
  const quotient = numerator / denominator
  const remainder = numerator % denominator
  if (remainder === 0n || mode === 'down') return quotient
  const away = numerator < 0n === denominator < 0n ? 1n : -1n
  if (mode === 'up') return quotient + away
  const twice = (remainder < 0n ? -remainder : remainder) * 2n
  return twice >= (denominator < 0n ? -denominator : denominator) ? quotient + away : quotient
}
