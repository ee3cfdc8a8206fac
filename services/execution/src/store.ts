// This service's access to the ledger: what a desk needs to begin again.
import type { Fill, Ledger, Order } from '@flotilla/ledger'
import { openTradeOf } from '@flotilla/journal'
import { Decimal } from '@flotilla/money'
import {
  closedKey,
  closedOf,
  exitsKey,
  exitsOf,
  fillsThroughKey,
  fillsThroughOf,
  GIVEN_UP_KEPT,
  haltKey,
  haltOf,
  tradeKey,
  type Market,
  type Records,
} from './core/index.ts'

/** Enough ended orders to know which attempts were used and whose the position is. */
const ORDERS_LOADED = 100

export async function loadRecords(ledger: Ledger, market: Market): Promise<Records> {
  const { account, venue, symbol } = market
  const ours = (order: Order) => order.symbol === symbol && order.venue === venue
  const open = (await ledger.loadOpenOrders(account)).filter(ours)
  const recent = (await ledger.loadOrders({ account, symbol, limit: ORDERS_LOADED })).filter(ours)
  const givenUp = (await loadGivenUp(ledger, market, GIVEN_UP_KEPT)).orders
  const known = new Map(
    [...givenUp, ...recent, ...open].map((order) => [order.clientOrderId, order]),
  )
  const orders = [...known.values()].toSorted((left, right) => left.createdAt - right.createdAt)
  const position = await ledger.findPosition(account, venue, symbol)
  const halted = haltOf(await ledger.recall('execution', haltKey(symbol)))
  const closed = closedOf(await ledger.recall('execution', closedKey(symbol)))
  const fillsThrough = fillsThroughOf(await ledger.recall('execution', fillsThroughKey(symbol)))
  const exits = exitsOf(await ledger.recall('execution', exitsKey(symbol)))
  const trade = openTradeOf(await ledger.recall('execution', tradeKey(symbol)))
  const isJournaled =
    trade !== null || (await ledger.loadTrades({ account, symbol, limit: 1 })).length > 0
  const state = { orders, position, halted, closed, fillsThrough, exits, trade, isJournaled }
  if (orders.length === 0) return { ...state, fills: [] }
  // By their names, never by time: the venue's clock dates fills, and it may be behind ours.
  const fills = await ledger.loadFills({ account, clientOrderIds: [...known.keys()] })
  return { ...state, fills }
}

/** All orders of the symbol that were given up, oldest first, with the fills that they have all the same. */
export async function loadGivenUp(
  ledger: Ledger,
  { account, venue, symbol }: Pick<Market, 'account' | 'venue' | 'symbol'>,
  limit = GIVEN_UP_MAX,
): Promise<{ orders: readonly Order[]; fills: readonly Fill[] }> {
  const rows = await ledger.loadOrders({ account, symbol, state: 'not-placed', limit })
  const orders = rows.filter((order) => order.venue === venue).toReversed()
  if (orders.length === 0) return { orders, fills: [] }
  const clientOrderIds = orders.map(({ clientOrderId }) => clientOrderId)
  return { orders, fills: await ledger.loadFills({ account, clientOrderIds }) }
}

/** More than a symbol has in all its life: giving one order up takes the better part of a minute. */
const GIVEN_UP_MAX = 1_000_000

const BASELINE_PREFIX = 'baseline:'

/** What the account holds beside our trading, by asset. */
export async function loadBaselines(ledger: Ledger): Promise<Map<string, Decimal>> {
  const entries = await ledger.recallAll('execution', BASELINE_PREFIX)
  return new Map(
    entries.map(({ key, value }) => [
      key.slice(BASELINE_PREFIX.length),
      Decimal.from(typeof value === 'string' ? value : '0'),
    ]),
  )
}

export function baselineChange(asset: string, baseline: Decimal | null) {
  const value = baseline?.toString() ?? null
  return {
    kind: 'memory-stored',
    agent: 'execution',
    key: `${BASELINE_PREFIX}${asset}`,
    value,
  } as const
}

/** Symbols with an open order or a position, whatever the configuration names today. */
export async function loadTradedSymbols(ledger: Ledger, account: string): Promise<string[]> {
  const orders = await ledger.loadOpenOrders(account)
  const positions = await ledger.loadPositions(account)
  const held = positions.filter(({ quantity }) => !quantity.isZero())
  return [...new Set([...orders, ...held].map(({ symbol }) => symbol))]
}
