// The venue's symbols and their rules, fetched once and kept; both ways between our form and the venue's.
import { VenueError } from '../errors.ts'
import type { SymbolRules } from '../port.ts'
import type { Parameters } from './client.ts'
import { wireSymbol } from './wire-forms.ts'
import { rulesFrom, type FeeRates } from './wire-rules.ts'
import { account, exchangeInfo } from './wire-schemas.ts'
import type { Wire } from './wire.ts'

export type MarketsOptions = {
  readonly venueName: string
  readonly wire: Wire
  /** Asked of the account when there are keys to ask with. */
  readonly hasKeys: () => boolean
  readonly defaultFeeRates: FeeRates
}

export class Markets {
  readonly #options: MarketsOptions
  readonly #rules = new Map<string, SymbolRules>()
  readonly #symbols = new Map<string, string>()

  constructor(options: MarketsOptions) {
    this.#options = options
  }

  /** Asks the venue, always. */
  async fetch(symbols?: readonly string[]): Promise<readonly SymbolRules[]> {
    if (symbols === undefined) return this.#load({})
    if (symbols.length === 0) return []
    const loaded = await this.#load({ symbols: JSON.stringify(symbols.map(wireSymbol)) }, symbols)
    return symbols.map((symbol) => {
      const rules = loaded.find((one) => one.symbol === symbol)
      if (rules === undefined) throw this.#unlisted([symbol])
      return rules
    })
  }

  /** Asks only for what is not known yet. */
  async rulesOf(symbol: string): Promise<SymbolRules> {
    const known = this.#rules.get(symbol)
    if (known !== undefined) return known
    const [rules] = await this.fetch([symbol])
    if (rules === undefined) throw this.#unlisted([symbol])
    return rules
  }

  /** The venue's form of a symbol that it lists. */
  async wireFormOf(symbol: string): Promise<string> {
    await this.rulesOf(symbol)
    return wireSymbol(symbol)
  }

  /** Our form of a symbol that the venue named. */
  async symbolOf(wire: string): Promise<string> {
    const known = this.#symbols.get(wire)
    if (known !== undefined) return known
    await this.#load({ symbol: wire }, [wire])
    return this.#symbols.get(wire) ?? wire
  }

  /** After the venue refused an order by a rule that we thought kept: the rules have changed. */
  forget(symbol: string): void {
    this.#rules.delete(symbol)
  }

  async #load(parameters: Parameters, asked: readonly string[] = []): Promise<SymbolRules[]> {
    const fees = await this.#feeRates()
    try {
      const info = await this.#options.wire.read({
        endpoint: 'publicGetExchangeInfo',
        parameters,
        schema: exchangeInfo,
      })
      return info.symbols.map((listed) => {
        const rules = rulesFrom(listed, fees)
        this.#rules.set(rules.symbol, rules)
        this.#symbols.set(listed.symbol, rules.symbol)
        return rules
      })
    } catch (error) {
      if (error instanceof VenueError && error.code === 'unknown_symbol')
        throw this.#unlisted(asked)
      throw error
    }
  }

  #unlisted(symbols: readonly string[]): VenueError {
    const names = symbols.map((symbol) => `${symbol} (in its form ${wireSymbol(symbol)})`)
    const message = `${this.#options.venueName} does not list ${names.join(' or ')}`
    return new VenueError('unknown_symbol', message)
  }

  async #feeRates(): Promise<FeeRates> {
    const { hasKeys, defaultFeeRates, wire } = this.#options
    if (!hasKeys()) return defaultFeeRates
    const answer = await wire.readSigned({ endpoint: 'privateGetAccount', schema: account })
    const rates = answer.commissionRates
    return rates === undefined ? defaultFeeRates : { maker: rates.maker, taker: rates.taker }
  }
}
