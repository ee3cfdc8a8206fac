import { instant, type EquityValued } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import type { Logger } from '@flotilla/runtime'
import { notePrice, takeStock, type Book, type Limits } from './core/index.ts'
import type { AccountDesk } from './desk.ts'
import type { RiskMetrics } from './metrics.ts'
import type { RiskStore } from './store.ts'
import { tellRegimes } from './tell.ts'
import type { Deps } from './term.ts'

export type ValuerOptions = {
  readonly deps: Deps
  readonly store: RiskStore
  readonly desk: AccountDesk
  readonly limits: Limits
  readonly metrics: Pick<RiskMetrics, 'valuationFaults'>
}

/** Values the account from time to time, in a unit of work of its own. */
export class Valuer {
  readonly #options: ValuerOptions
  readonly #log: Logger
  /** The assets at fault in the valuation before. */
  #faults = ''
  #last: (EquityValued & { readonly at: string }) | null = null

  constructor(options: ValuerOptions) {
    this.#options = options
    this.#log = options.deps.context.logger
  }

  /** The newest, with every asset. */
  get last(): (EquityValued & { readonly at: string }) | null {
    return this.#last
  }

  /** Never throws: a valuation that could not be made is followed by the next one. */
  async value(): Promise<void> {
    const { deps, store, desk, limits } = this.#options
    await this.#askForPrices(desk.book)
    const now = deps.context.clock.now()
    try {
      const done = await desk.work({
        message: null,
        mayBeOld: false,
        decide: (book) => takeStock({ book, limits, now }),
      })
      if (done.kind !== 'committed') return
      const { valued, outgoing } = done.result
      this.#last = { ...valued, at: instant(now) }
      tellRegimes(this.#log, outgoing)
      this.#tell(valued)
      await store.writeEquity(now, Decimal.from(valued.equity))
    } catch (err) {
      this.#log.warn({ err }, 'account not valued')
    }
  }

  /** Of what is held and the market stream says nothing, as of assets that are not traded here. */
  async #askForPrices(book: Book): Promise<void> {
    const { deps, limits } = this.#options
    const now = deps.context.clock.now()
    const { currency } = book.account
    const symbols = [...book.funds]
      .filter(([asset, { total }]) => asset !== currency && total.isPositive())
      .map(([asset]) => `${asset}/${currency}`)
      .filter((symbol) => book.rules.has(symbol))
      .filter((symbol) => now - (book.prices.get(symbol)?.at ?? 0) > limits.priceAgeMaxMs)
    if (symbols.length === 0) return
    try {
      this.#note(book, await deps.venue.fetchTickers(symbols))
    } catch {
      // One that fails must not hide the others.
      const each = await Promise.allSettled(symbols.map((each) => deps.venue.fetchTicker(each)))
      this.#note(
        book,
        each.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
      )
    }
  }

  #note(book: Book, tickers: readonly { symbol: string; last: Decimal; observedAt: number }[]) {
    for (const { symbol, last, observedAt } of tickers) {
      if (!last.isPositive()) continue
      notePrice(book, symbol, { price: last, at: observedAt, source: 'market' })
    }
  }

  #tell(valued: EquityValued): void {
    const { account, equity, coverage, topHoldings, unpriced, baseline } = valued
    const words = baseline === true ? 'equity found, taken as the beginning' : 'equity valued'
    this.#log.info({ account, equity, coverage, topHoldings, unpriced }, words)
    const faults = valued.faults ?? []
    this.#options.metrics.valuationFaults.set(faults.length)
    const names = faults.map(({ asset, cause }) => `${asset} ${cause}`).join(', ')
    if (names !== '' && names !== this.#faults) {
      this.#log.warn({ account, faults }, 'valuation fault: assets are valued at old prices')
    }
    this.#faults = names
  }
}
