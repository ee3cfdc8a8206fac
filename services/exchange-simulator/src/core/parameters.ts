import { refusals, type Refusal } from './refusal.ts'
import { isPlainDecimal, parseUnits } from './units.ts'

export type Parameters = ReadonlyMap<string, string>

const AMOUNT_RANGE = String.raw`^([0-9]{1,20})(\.[0-9]{1,20})?$`
const INTEGER_RANGE = '^[0-9]{1,20}$'
const CLIENT_ID_RANGE = '^[a-zA-Z0-9-_]{1,36}$'
/** In milliseconds it would be the year 33658. */
const MICROSECONDS_FROM = 1e15
const CLIENT_ID = /^[a-zA-Z0-9-_]{1,36}$/

/**
 * Reads typed values and keeps the first thing that is wrong, so that a request is read in one sweep
 * and refused for its first mistake.
 */
export class ParameterReader {
  readonly #parameters: Parameters
  #refusal: Refusal | null = null

  constructor(parameters: Parameters) {
    this.#parameters = parameters
  }

  get refusal(): Refusal | null {
    return this.#refusal
  }

  refuse(refusal: Refusal): void {
    this.#refusal ??= refusal
  }

  has(name: string): boolean {
    return this.#parameters.has(name)
  }

  text(name: string): string | null {
    const value = this.#parameters.get(name)
    if (value === undefined) return null
    if (value === '') this.refuse(refusals.emptyParameter(name))
    return value
  }

  mandatoryText(name: string): string {
    const value = this.#parameters.get(name)
    if (value === undefined || value === '') this.refuse(refusals.mandatory(name))
    return value ?? ''
  }

  clientId(name: string): string | null {
    const value = this.text(name)
    if (value === null) return null
    if (!CLIENT_ID.test(value)) this.refuse(refusals.illegalCharacters(name, CLIENT_ID_RANGE))
    return value
  }

  /** Zero when it was not sent. */
  amount(name: string): bigint {
    const value = this.text(name)
    if (value === null) return 0n
    const amount = parseUnits(value)
    if (amount !== null) return amount
    this.refuse(
      isPlainDecimal(value)
        ? refusals.tooPrecise(name)
        : refusals.illegalCharacters(name, AMOUNT_RANGE),
    )
    return 0n
  }

  mandatoryAmount(name: string): bigint {
    this.mandatoryText(name)
    return this.amount(name)
  }

  integer(name: string): number | null {
    const value = this.text(name)
    if (value === null) return null
    if (!/^\d{1,20}$/.test(value)) this.refuse(refusals.illegalCharacters(name, INTEGER_RANGE))
    return Number(value)
  }

  /** Milliseconds since 1970; a number that can only be microseconds is taken as that. */
  moment(name: string): number | null {
    const value = this.integer(name)
    return value !== null && value >= MICROSECONDS_FROM ? Math.floor(value / 1_000) : value
  }

  choice<const Choice extends string>(
    name: string,
    choices: readonly Choice[],
    wrong: Refusal,
  ): Choice | null {
    const value = this.text(name)
    if (value === null) return null
    const known = choices.find((choice) => choice === value)
    if (known === undefined) this.refuse(wrong)
    return known ?? null
  }

  forbid(names: readonly string[]): void {
    for (const name of names) if (this.has(name)) this.refuse(refusals.notRequired(name))
  }
}
