// What the ledger knows of an order, an intent or a symbol, from the candle that led to it to its last fill. The
// terminal and the gateway tell it from here.
import {
  candleMessageId,
  endedOrderStates,
  epochMs,
  MarketSymbol,
  perAccountAgents,
  Timeframe,
  timeframeMs,
  type AnyMessage,
  type IntentProposed,
  type MessageOfType,
} from '@flotilla/contracts'
import type {
  ClosedTrade,
  Decision,
  Fill,
  LedgerReads,
  Order,
  Position,
  Reservation,
} from '@flotilla/ledger'
import { entryStopsOf, type EntryStop } from './entry-stops.ts'
import { stopsOfOrder, type KeptStop } from './kept-stop.ts'

/** Everything the ledger knows about one intent, from the candle that led to it to its last fill. */
export type Lineage = {
  readonly intentId: string
  /** Null while no account has decided. */
  readonly account: string | null
  readonly correlationId: string | null
  readonly candle: Candle | null
  /** Null when the message is not kept any more. */
  readonly proposed: MessageOfType<'strategy.intent.proposed.v1'> | null
  /** Null while the risk manager has not decided. */
  readonly decision: Decision | null
  readonly reservation: Reservation | null
  /** With the protection that the intent's entry has had. */
  readonly orders: readonly OrderStory[]
  readonly position: Position | null
  /** Closed trades that it had a part in. */
  readonly trades: readonly ClosedTrade[]
  /** What stops entries of its symbol at this moment; none when nothing of it waits any more. */
  readonly waitsFor: readonly EntryStop[]
  /** What was said about it, in the order of the commits. */
  readonly messages: readonly AnyMessage[]
}

export type OrderStory = {
  readonly order: Order
  readonly fills: readonly Fill[]
  /** Stops of execution's own that were in force when it was not sent. */
  readonly stoppedBy: readonly KeptStop[]
}

/** The candle itself is not in the ledger; the id in the intent's chain proves which one it was. */
type Candle = { readonly timeframe: Timeframe; readonly openTime: number }

/** What is known of a market: what is held, whether entries stop, and the newest decisions. */
export type MarketStory = {
  readonly symbol: string
  readonly positions: readonly Position[]
  /** Why no entries are sent. */
  readonly entriesStopped: readonly EntryStop[]
  readonly decisions: readonly Decision[]
  /** The entry behind what is held, else the newest decision. */
  readonly newest: Lineage | null
}

export type Answer =
  /** One lineage for each account that has decided on it, for several may take the same intent. */
  | {
      readonly kind: 'intent'
      readonly lineages: readonly Lineage[]
      readonly order: Order | null
    }
  | { readonly kind: 'market'; readonly story: MarketStory }

/** Where the answer is looked for. */
export type Source = {
  readonly ledger: LedgerReads
  /** The account of `account:` in the configuration. */
  readonly mainAccount: string
}

/** `subject` is an order's name, an intent's or a reservation's id, or a symbol; null when unknown. */
export async function answerFor(source: Source, subject: string): Promise<Answer | null> {
  const { ledger } = source
  const symbol = subject.toUpperCase()
  if (MarketSymbol.safeParse(symbol).success) {
    const story = await marketStory(source, symbol)
    return story === null ? null : { kind: 'market', story }
  }
  const order = await ledger.findOrder(subject)
  if (order !== null) {
    const { account, intentId } = order
    return { kind: 'intent', lineages: [await lineageOf(source, { account, intentId })], order }
  }
  const reservation = await ledger.findReservation(subject)
  const lineages =
    reservation === null
      ? await lineagesOf(source, subject)
      : [await lineageOf(source, reservation)]
  return lineages.length === 0 ? null : { kind: 'intent', lineages, order: null }
}

async function lineagesOf(source: Source, intentId: string): Promise<Lineage[]> {
  const accounts = (await source.ledger.loadAccounts()).map(({ account }) => account)
  const all = await Promise.all(accounts.map((account) => lineageOf(source, { account, intentId })))
  const known = all.filter(({ decision, orders }) => decision !== null || orders.length > 0)
  if (known.length > 0) return known
  const undecided = await lineageOf(source, { account: null, intentId })
  return undecided.messages.length === 0 ? [] : [undecided]
}

type Of = { readonly account: string | null; readonly intentId: string }

async function lineageOf(source: Source, { account, intentId }: Of): Promise<Lineage> {
  const { ledger } = source
  const { decision, orders, reservation } = await rowsOf(ledger, { account, intentId })
  const known = decision ?? orders[0]
  const messages = await messagesAbout(ledger, { account, intentId }, known?.correlationId)
  const proposed = messages.find((message) => message.type === 'strategy.intent.proposed.v1')
  const told = {
    intentId,
    account,
    correlationId: (messages[0] ?? known)?.correlationId ?? null,
    candle: candleOf(proposed?.payload),
    proposed: proposed ?? null,
    decision,
    reservation,
    orders: await Promise.all(orders.map((order) => storyOf(ledger, order))),
    position: await positionBehind(ledger, orders[0]),
    trades: await tradesOf(ledger, orders[0]),
    messages,
  }
  return { ...told, waitsFor: isWaiting(told) ? await stopsBefore(source, told) : [] }
}

async function rowsOf(ledger: LedgerReads, { account, intentId }: Of) {
  if (account === null) return { decision: null, orders: [], reservation: null }
  return {
    decision: await ledger.findDecision(account, intentId),
    orders: await ledger.loadOrdersOfIntent(account, intentId),
    reservation: await ledger.findReservationOfIntent(account, intentId),
  }
}

export function symbolOf({ decision, proposed, orders }: Told): string | null {
  return decision?.symbol ?? proposed?.payload.symbol ?? orders[0]?.order.symbol ?? null
}

type Told = Omit<Lineage, 'waitsFor'>

/** Nobody has decided, or something that was approved is not at the venue yet, or in doubt there. */
function isWaiting({ decision, reservation, orders }: Told): boolean {
  if (decision === null && orders.length === 0) return true
  const open = orders.filter(({ order }) => !endedOrderStates.has(order.state))
  const unsent = new Set(['created', 'submitting', 'unknown'])
  return open.some(({ order }) => unsent.has(order.state)) || reservation?.state === 'held'
}

async function stopsBefore(source: Source, told: Told): Promise<EntryStop[]> {
  const symbol = symbolOf(told)
  const account = told.account ?? source.mainAccount
  return symbol === null ? [] : entryStopsOf({ ...source, account }, symbol)
}

/** Of an intent that nobody has decided on only the messages know, and they name it. */
async function messagesAbout(
  ledger: LedgerReads,
  { account, intentId }: Of,
  correlationId: string | undefined,
): Promise<AnyMessage[]> {
  if (correlationId === undefined) return ledger.loadMessages({ intentId })
  const related = await ledger.loadMessages({ correlationId })
  return related.filter((message) => concerns(message, intentId) && !isOfAnother(message, account))
}

/** Each account has a risk manager and an execution of its own; the others speak to all of them. */
function isOfAnother({ source, account: said }: AnyMessage, account: string | null): boolean {
  const isPerAccount = perAccountAgents.some((agent) => agent === source)
  return isPerAccount && said !== undefined && said !== account
}

/** One candle can lead to several intents: what names another one is not part of this story. */
function concerns({ payload }: AnyMessage, intentId: string): boolean {
  return !('intentId' in payload) || payload.intentId === intentId
}

async function storyOf(ledger: LedgerReads, order: Order): Promise<OrderStory> {
  const { account, clientOrderId } = order
  const fills = await ledger.loadFills({ account, clientOrderId })
  return { order, fills, stoppedBy: stopsOfOrder(order.details) }
}

async function positionBehind(
  ledger: LedgerReads,
  order: Order | undefined,
): Promise<Position | null> {
  if (order === undefined) return null
  return ledger.findPosition(order.account, order.venue, order.symbol)
}

async function tradesOf(ledger: LedgerReads, order: Order | undefined): Promise<ClosedTrade[]> {
  if (order === undefined) return []
  const { account, symbol, intentId } = order
  const trades = await ledger.loadTrades({ account, symbol })
  return trades.filter(({ intentIds }) => intentIds.includes(intentId))
}

/** The timeframe is the one under which the first id of the chain is the candle's. */
function candleOf(intent: IntentProposed | undefined): Candle | null {
  if (intent === undefined) return null
  const { venue, symbol, chain, expectedPriceAt } = intent
  for (const timeframe of Timeframe.options) {
    const openTime = epochMs(expectedPriceAt) - timeframeMs[timeframe]
    if (candleMessageId({ venue, symbol, timeframe }, openTime) === chain[0]) {
      return { timeframe, openTime }
    }
  }
  return null
}

const DECISIONS_SHOWN = 10
const ORDERS_LOOKED_THROUGH = 200

async function marketStory(source: Source, symbol: string): Promise<MarketStory | null> {
  const { ledger } = source
  const accounts = (await ledger.loadAccounts()).map(({ account }) => account)
  const of = async <Item>(load: (account: string) => Promise<Item[]>): Promise<Item[]> =>
    (await Promise.all(accounts.map(load))).flat()
  const positions = await of(async (account) =>
    (await ledger.loadPositions(account)).filter((each) => each.symbol === symbol),
  )
  const decided = await of((account) =>
    ledger.loadDecisions({ account, symbol, limit: DECISIONS_SHOWN }),
  )
  if (positions.length === 0 && decided.length === 0) return null
  const decisions = decided.toSorted((left, right) => right.decidedAt - left.decidedAt)
  const held = positions.find(({ quantity }) => quantity.isPositive())
  const entry = held === undefined ? null : await entryBehind(ledger, held)
  const newest = entry ?? decisions[0] ?? null
  return {
    symbol,
    positions,
    entriesStopped: await of((account) => entryStopsOf({ ...source, account }, symbol)),
    decisions,
    newest: newest === null ? null : await lineageOf(source, newest),
  }
}

async function entryBehind(ledger: LedgerReads, position: Position): Promise<Order | null> {
  const { account, symbol } = position
  const orders = await ledger.loadOrders({ account, symbol, limit: ORDERS_LOOKED_THROUGH })
  const isEntry = ({ leg, filledQuantity }: Order) => leg === 'entry' && filledQuantity.isPositive()
  return orders.find(isEntry) ?? null
}
