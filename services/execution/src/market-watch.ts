// What the venue says of its symbols, looked at now and then: whether it trades them, and by which rules. A
// symbol that it does not trade is looked at as often as orders are asked about, so that its return is noticed.
import type { Clock, Logger } from '@flotilla/runtime'
import { VenueError, type SymbolRules, type Venue } from '@flotilla/venue'
import type { DeskRunner } from './desk-runner.ts'

export type MarketWatchOptions = {
  readonly venue: Pick<Venue, 'fetchRules'>
  readonly runners: ReadonlyMap<string, Pick<DeskRunner, 'offer' | 'desk'>>
  readonly clock: Clock
  readonly logger: Logger
  /** In the clock's milliseconds: how often all are looked at. */
  readonly everyMs: number
}

export class MarketWatch {
  readonly #options: MarketWatchOptions
  #lookedAt: number

  constructor(options: MarketWatchOptions) {
    this.#options = options
    this.#lookedAt = options.clock.now()
  }

  /** Looks when it is time to; a venue that is away is not our matter here. */
  async look(): Promise<void> {
    const { clock, everyMs, logger } = this.#options
    const isDue = clock.now() - this.#lookedAt >= everyMs
    if (!isDue && !this.#anyClosed()) return
    this.#lookedAt = clock.now()
    try {
      for (const rules of await this.#fetch()) this.#compare(rules)
    } catch (err) {
      logger.warn({ err }, 'rules of the venue not looked at')
    }
  }

  #anyClosed(): boolean {
    return [...this.#options.runners.values()].some(({ desk }) => desk.closed !== null)
  }

  /** One symbol that is not listed any more makes the venue refuse the question for all. */
  async #fetch(): Promise<readonly SymbolRules[]> {
    const { venue, runners } = this.#options
    const symbols = [...runners.keys()]
    try {
      return await venue.fetchRules(symbols)
    } catch (error) {
      if (!isUnlisted(error)) throw error
      const all = await Promise.all(symbols.map((symbol) => this.#fetchOne(symbol)))
      return all.flat()
    }
  }

  async #fetchOne(symbol: string): Promise<readonly SymbolRules[]> {
    const { venue, runners } = this.#options
    try {
      return await venue.fetchRules([symbol])
    } catch (error) {
      const known = runners.get(symbol)?.desk.market.rules
      if (!isUnlisted(error) || known === undefined) throw error
      return [{ ...known, status: 'halted' }]
    }
  }

  #compare(rules: SymbolRules): void {
    const { runners, logger } = this.#options
    const runner = runners.get(rules.symbol)
    if (runner === undefined) return
    const known = runner.desk.market.rules
    if (JSON.stringify(rules) === JSON.stringify(known)) return
    const { symbol, status } = rules
    logger.warn({ symbol, status, before: known.status }, 'the venue has other rules now')
    runner.offer({ kind: 'rules', rules })
  }
}

function isUnlisted(error: unknown): boolean {
  return error instanceof VenueError && error.code === 'unknown_symbol'
}
