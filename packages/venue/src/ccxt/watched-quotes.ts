// Prices of streams that tell parts of them: who lacks the last price or the traded volume has it from the
// venue's answer to a question, asked again now and then. A volume of 24 hours does not age in minutes.
import type { Decimal } from '@flotilla/money'
import type { VenueTicker } from '../port.ts'

export type QuotePart = {
  readonly last?: Decimal | undefined
  readonly bid?: Decimal | null | undefined
  readonly ask?: Decimal | null | undefined
  readonly quoteVolume24h?: Decimal | undefined
  /** Milliseconds, by the venue's clock; null where it does not say. */
  readonly at: number | null
}

export type WatchedQuotesOptions = {
  readonly symbols: readonly string[]
  readonly fetchTickers: (symbols: readonly string[]) => Promise<readonly VenueTicker[]>
  readonly onTicker: (ticker: VenueTicker) => void
  readonly venueTime: () => number
}

const volumeAgeMaxMs = 300_000

export class WatchedQuotes {
  readonly #options: WatchedQuotesOptions
  readonly #known = new Map<string, VenueTicker>()
  #askedAt = 0
  #isAsking = false

  constructor(options: WatchedQuotesOptions) {
    this.#options = options
  }

  /** Throws what the venue throws. */
  async begin(): Promise<void> {
    const { symbols, fetchTickers, venueTime } = this.#options
    this.#askedAt = venueTime()
    for (const ticker of await fetchTickers(symbols)) this.#known.set(ticker.symbol, ticker)
  }

  take(symbol: string, { at, last, bid, ask, quoteVolume24h }: QuotePart): void {
    const known = this.#known.get(symbol)
    if (known === undefined) return
    const ticker: VenueTicker = {
      symbol,
      last: last ?? known.last,
      bid: bid === undefined ? known.bid : bid,
      ask: ask === undefined ? known.ask : ask,
      quoteVolume24h: quoteVolume24h ?? known.quoteVolume24h,
      observedAt: Math.max(known.observedAt, at ?? this.#options.venueTime()),
    }
    this.#known.set(symbol, ticker)
    this.#options.onTicker(ticker)
    if (quoteVolume24h === undefined) this.#refresh()
  }

  #refresh(): void {
    const now = this.#options.venueTime()
    if (this.#isAsking || now - this.#askedAt < volumeAgeMaxMs) return
    this.#isAsking = true
    this.#askedAt = now
    this.#options
      .fetchTickers(this.#options.symbols)
      .then((answer) => {
        for (const { symbol, quoteVolume24h } of answer) {
          const known = this.#known.get(symbol)
          if (known !== undefined) this.#known.set(symbol, { ...known, quoteVolume24h })
        }
      })
      // The old figure serves a while longer; that the venue fails is the poll's to tell.
      .catch(() => undefined)
      .finally(() => {
        this.#isAsking = false
      })
  }
}
