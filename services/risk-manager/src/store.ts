import type { AnyMessage } from '@flotilla/contracts'
import { writeDecision, type Ledger, type LedgerChange, type Unit } from '@flotilla/ledger'
import type { MarketStore } from '@flotilla/market-store'
import type { Decimal } from '@flotilla/money'
import { furtherMemory, type SharedConfig } from '@flotilla/fleet'
import {
  barsMax,
  createBook,
  noteBar,
  notePrice,
  type Book,
  type BookSnapshot,
  type Decided,
  type OpenReservation,
  type Verdict,
  type Work,
} from './core/index.ts'

export type Holding = { readonly asset: string; readonly total: Decimal }

/** The ledger and the market store as the risk manager uses them. */
export class RiskStore {
  readonly #ledger: Ledger
  readonly #marketStore: MarketStore
  readonly #shared: SharedConfig
  readonly #marketVenue: string

  constructor(deps: {
    ledger: Ledger
    marketStore: MarketStore
    shared: SharedConfig
    marketVenue?: string
  }) {
    this.#ledger = deps.ledger
    this.#marketStore = deps.marketStore
    this.#shared = deps.shared
    this.#marketVenue = deps.marketVenue ?? deps.shared.venue.id
  }

  /** The book as the ledger has it; null before the account was opened. */
  async loadBook(before: Book | null): Promise<Book | null> {
    const account = this.#shared.account.id
    const found = await this.#ledger.loadAccount(account)
    if (found === null) return null
    const [balances, reservations, memory] = await Promise.all([
      this.#ledger.loadBalances(account),
      this.#loadReservations(account),
      this.#ledger.recallAll('risk-manager', '', furtherMemory),
    ])
    const snapshot: BookSnapshot = { account: found, balances, reservations, memory }
    return createBook(snapshot, before ?? undefined)
  }

  /** The first run takes what it finds at the venue as the account's beginning. */
  accountOpening(holdings: readonly Holding[], now: number): Unit {
    const { account, venue, mode } = this.#shared
    const opened: LedgerChange = {
      kind: 'account-opened',
      account: {
        account: account.id,
        venue: venue.id,
        mode,
        currency: account.currency,
        openedAt: now,
      },
    }
    const deposits = holdings.map(({ asset, total }): LedgerChange => ({
      kind: 'balance-adjusted',
      account: account.id,
      asset,
      totalDelta: total,
    }))
    const changes = [opened, ...deposits]
    return { consumer: 'risk-manager', causeId: null, changes, outgoing: [] }
  }

  wasProcessed(messageId: string): Promise<boolean> {
    return this.#ledger.wasProcessed('risk-manager', messageId)
  }

  async wasDecided(intentId: string): Promise<boolean> {
    return (await this.#ledger.findDecision(this.#shared.account.id, intentId)) !== null
  }

  /** The second link of the price chain. False when the store knows nothing or is away. */
  async noteStoredPrice(book: Book, symbol: string): Promise<boolean> {
    try {
      const venue = this.#marketVenue
      const stored = await this.#marketStore.lastPrice({ venue, symbol })
      if (stored === null) return false
      const { price, at } = stored
      notePrice(book, symbol, { price, at, source: 'market-store' })
      return true
    } catch {
      return false
    }
  }

  /** So that a restart knows at once how the market moves. Without a store it is learnt anew. */
  async loadHistories(book: Book): Promise<void> {
    const { symbols, timeframe } = this.#shared
    const venue = this.#marketVenue
    await Promise.all(
      symbols.map(async (symbol) => {
        const series = { venue, symbol, timeframe, limit: barsMax }
        const candles = await this.#marketStore.candles(series).catch(() => [])
        for (const { openTime, closeTime, high, low, close } of candles) {
          const bar = { high: high.toNumber(), low: low.toNumber(), close: close.toNumber() }
          noteBar(book.histories, symbol, { openTime, closeTime, ...bar })
        }
      }),
    )
  }

  async writeEquity(at: number, equity: Decimal): Promise<void> {
    await this.#marketStore.writeEquity([{ account: this.#shared.account.id, at, equity }])
  }

  /** The ledger's row does not name the symbol; the decision that made the reservation does. */
  async #loadReservations(account: string): Promise<OpenReservation[]> {
    const open = await this.#ledger.loadOpenReservations(account)
    const named: OpenReservation[] = []
    for (let start = 0; start < open.length; start += lookupsAtOnce) {
      const some = open.slice(start, start + lookupsAtOnce)
      const decisions = await Promise.all(
        some.map(({ intentId }) => this.#ledger.findDecision(account, intentId)),
      )
      for (const [index, reservation] of some.entries()) {
        const symbol = decisions[index]?.symbol
        if (symbol === undefined) {
          throw new Error(`reservation ${reservation.reservationId} has no decision`)
        }
        named.push({ ...reservation, symbol })
      }
    }
    return named
  }
}

const lookupsAtOnce = 64

/** Decided on a book, a unit rests on all that was decided on the same one before. */
export function unitOf(cause: AnyMessage | null, work: Work, book?: Book): Unit {
  return {
    ...(book === undefined ? {} : { chain: book }),
    consumer: 'risk-manager',
    causeId: cause?.messageId ?? null,
    changes: [...work.changes, ...work.records.map(written)],
    outgoing: work.outgoing,
  }
}

export type BriefVerdict = Brief<Verdict>
type Brief<Each> = Each extends Verdict ? Omit<Each, 'checks'> : never

/** What is kept of a decision until it is durable: its record as text, and not a second time. */
export function inBrief(decided: Decided): Work & { readonly verdict: BriefVerdict } {
  const { checks: _, ...verdict } = decided.verdict
  return { ...decided, records: decided.records.map(written), verdict }
}

/** What waits for its commit waits as text. */
function written(record: LedgerChange): LedgerChange {
  if (record.kind !== 'decision-recorded') return record
  return { kind: record.kind, decision: writeDecision(record.decision) }
}
