import { memoryPrefixOf, type SharedConfig } from '@flotilla/fleet'
import { figuresOf, openTradeOf, type OpenTrade, type TradeFigures } from '@flotilla/journal'
import type { ClosedTrade, LedgerReads, Position } from '@flotilla/ledger'
import type { MarketStore } from '@flotilla/market-store'
import type { Decimal } from '@flotilla/money'
import { openEquity } from '../compare/open-equity.ts'
import { OperatorError } from '../operator/link.ts'
import { painter, type Terminal } from '../terminal.ts'
import { summariesOf } from './trade-summary.ts'
import { tradesCsv, tradesText } from './trades-text.ts'
import { withLedger } from '../ledger/with-ledger.ts'

export type TradesOptions = {
  readonly config?: string
  readonly ledger?: string
  readonly account?: string
  readonly symbol?: string
  readonly since?: number
  readonly limit?: number
  readonly csv?: boolean
  readonly json?: boolean
}

/** What is held now, valued at the newest price known. */
export type HeldTrade = {
  readonly position: Position
  /** Null of dust, and of what was held before there was a journal. */
  readonly trade: OpenTrade | null
  readonly figures: TradeFigures | null
  readonly lastPrice: Decimal | null
  /** Value at the last price less what was paid, entry fees included; null without a price. */
  readonly unrealisedProfit: Decimal | null
}

const ROWS_SHOWN = 50

/** `flotilla trades`: the journal of closed trades, newest first, and what is open. */
export function showTrades(options: TradesOptions, terminal: Terminal): Promise<number> {
  return withLedger(options, terminal, async (reads, shared) => {
    const accounts = await accountsOf(reads, options)
    const closed = await closedTrades(reads, accounts, options)
    const { limit } = options
    if (options.csv === true) {
      terminal.print(tradesCsv(closed.slice(0, limit)))
      return
    }
    const open = await openTrades(reads, { shared, accounts, symbol: options.symbol })
    const summaries = summariesOf(closed)
    if (options.json === true) {
      const trades = closed.slice(0, limit)
      terminal.print(JSON.stringify({ trades, open, summaries }, null, 2))
      return
    }
    const shown = closed.slice(0, limit ?? ROWS_SHOWN)
    const told = { closed: shown, open, summaries }
    terminal.print(tradesText(told, painter(terminal.colors)))
  })
}

async function accountsOf(reads: LedgerReads, { account }: TradesOptions): Promise<string[]> {
  return account === undefined
    ? (await reads.loadAccounts()).map((each) => each.account)
    : [account]
}

async function closedTrades(
  reads: LedgerReads,
  accounts: readonly string[],
  { symbol, since }: TradesOptions,
): Promise<readonly ClosedTrade[]> {
  const wanted = {
    ...(symbol === undefined ? {} : { symbol }),
    ...(since === undefined ? {} : { since }),
  }
  const found = await Promise.all(
    accounts.map((account) => reads.loadTrades({ account, ...wanted })),
  )
  return found.flat().toSorted((one, other) => other.closedAt - one.closedAt)
}

type Wanted = {
  readonly shared: SharedConfig
  readonly accounts: readonly string[]
  readonly symbol: string | undefined
}

async function openTrades(
  reads: LedgerReads,
  { shared, accounts, symbol }: Wanted,
): Promise<HeldTrade[]> {
  const positions = (await Promise.all(accounts.map((each) => reads.loadPositions(each))))
    .flat()
    .filter(({ quantity }) => quantity.isPositive())
    .filter((position) => symbol === undefined || position.symbol === symbol)
  if (positions.length === 0) return []
  const store = await marketStore(shared)
  try {
    return await Promise.all(
      positions.map((position) => heldTrade(position, { reads, shared, store })),
    )
  } finally {
    await store?.close()
  }
}

/** Null where none can be reached: what is held is shown without a price then. */
async function marketStore(shared: SharedConfig): Promise<MarketStore | null> {
  try {
    return await openEquity(shared)
  } catch (error) {
    if (error instanceof OperatorError) return null
    throw error
  }
}

type Sources = {
  readonly reads: LedgerReads
  readonly shared: SharedConfig
  readonly store: MarketStore | null
}

async function heldTrade(position: Position, sources: Sources): Promise<HeldTrade> {
  const { account, venue, symbol, quantity, costBasis } = position
  const { reads, shared, store } = sources
  // Agents of further accounts keep their memory under the account's name.
  const prefix = account === shared.account.id ? '' : memoryPrefixOf(account)
  const trade = openTradeOf(await reads.recall('execution', `${prefix}trade:${symbol}`))
  const lastPrice = (await store?.lastPrice({ venue, symbol }))?.price ?? null
  const unrealisedProfit = lastPrice === null ? null : lastPrice.times(quantity).minus(costBasis)
  const figures = trade === null ? null : figuresOf(trade)
  return { position, trade, figures, lastPrice, unrealisedProfit }
}
