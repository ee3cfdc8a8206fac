import {
  candleMessageId,
  epochMs,
  instant,
  MarketSymbol,
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
  Json,
  LedgerReads,
  Order,
  Position,
  Reservation,
} from '@flotilla/ledger'
import { z } from 'zod'

/** Everything the ledger knows about one intent, from the candle that led to it to its last fill. */
export type Lineage = {
  readonly intentId: string
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
  /** What was said about it, in the order of the commits. */
  readonly messages: readonly AnyMessage[]
}

export type OrderStory = { readonly order: Order; readonly fills: readonly Fill[] }

/** The candle itself is not in the ledger; the id in the intent's chain proves which one it was. */
type Candle = { readonly timeframe: Timeframe; readonly openTime: number }

/** What is known of a market: what is held, whether entries stop, and the newest decisions. */
export type MarketStory = {
  readonly symbol: string
  readonly positions: readonly Position[]
  /** Why no entries are sent, each reason as a sentence. */
  readonly entriesStopped: readonly string[]
  readonly decisions: readonly Decision[]
  /** The entry behind what is held, else the newest decision. */
  readonly newest: Lineage | null
}

export type Answer =
  | { readonly kind: 'intent'; readonly lineage: Lineage; readonly order: Order | null }
  | { readonly kind: 'market'; readonly story: MarketStory }

/** `subject` is an order's name, an intent's or a reservation's id, or a symbol; null when unknown. */
export async function answerFor(ledger: LedgerReads, subject: string): Promise<Answer | null> {
  const symbol = subject.toUpperCase()
  if (MarketSymbol.safeParse(symbol).success) {
    const story = await marketStory(ledger, symbol)
    return story === null ? null : { kind: 'market', story }
  }
  const order = await ledger.findOrder(subject)
  if (order !== null) {
    return { kind: 'intent', lineage: await lineageOf(ledger, order.intentId), order }
  }
  const reservation = await ledger.findReservation(subject)
  const lineage = await lineageOf(ledger, reservation?.intentId ?? subject)
  const known = lineage.decision !== null || lineage.messages.length > 0
  return known ? { kind: 'intent', lineage, order: null } : null
}

async function lineageOf(ledger: LedgerReads, intentId: string): Promise<Lineage> {
  const { decision, orders } = await decisionAndOrders(ledger, intentId)
  const known = decision ?? orders[0]
  const messages = await messagesAbout(ledger, intentId, known?.correlationId)
  const proposed = messages.find((message) => message.type === 'strategy.intent.proposed.v1')
  return {
    intentId,
    correlationId: (messages[0] ?? known)?.correlationId ?? null,
    candle: candleOf(proposed?.payload),
    proposed: proposed ?? null,
    decision,
    reservation:
      known === undefined ? null : await ledger.findReservationOfIntent(known.account, intentId),
    orders: await Promise.all(orders.map((order) => storyOf(ledger, order))),
    position: await positionBehind(ledger, orders[0]),
    trades: await tradesOf(ledger, orders[0]),
    messages,
  }
}

/** Of an intent that nobody has decided on only the messages know, and they name it. */
async function messagesAbout(
  ledger: LedgerReads,
  intentId: string,
  correlationId: string | undefined,
): Promise<AnyMessage[]> {
  if (correlationId === undefined) return ledger.loadMessages({ intentId })
  const related = await ledger.loadMessages({ correlationId })
  return related.filter((message) => concerns(message, intentId))
}

/** A decision is kept by account and intent, and who asks may not know the account. */
async function decisionAndOrders(ledger: LedgerReads, intentId: string) {
  for (const { account } of await ledger.loadAccounts()) {
    const decision = await ledger.findDecision(account, intentId)
    const orders = await ledger.loadOrdersOfIntent(account, intentId)
    if (decision !== null || orders.length > 0) return { decision, orders }
  }
  return { decision: null, orders: [] }
}

/** One candle can lead to several intents: what names another one is not part of this story. */
function concerns({ payload }: AnyMessage, intentId: string): boolean {
  return !('intentId' in payload) || payload.intentId === intentId
}

async function storyOf(ledger: LedgerReads, order: Order): Promise<OrderStory> {
  const { account, clientOrderId } = order
  return { order, fills: await ledger.loadFills({ account, clientOrderId }) }
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
const STOPPED_PREFIX = 'entries-stopped:'

async function marketStory(ledger: LedgerReads, symbol: string): Promise<MarketStory | null> {
  const accounts = (await ledger.loadAccounts()).map(({ account }) => account)
  const of = async <Item>(load: (account: string) => Promise<Item[]>): Promise<Item[]> =>
    (await Promise.all(accounts.map(load))).flat()
  const positions = await of(async (account) =>
    (await ledger.loadPositions(account)).filter((each) => each.symbol === symbol),
  )
  const decisions = await of((account) =>
    ledger.loadDecisions({ account, symbol, limit: DECISIONS_SHOWN }),
  )
  if (positions.length === 0 && decisions.length === 0) return null
  const held = positions.find(({ quantity }) => quantity.isPositive())
  const entry = held === undefined ? null : await entryBehind(ledger, held)
  const newest = entry ?? decisions[0]?.intentId ?? null
  return {
    symbol,
    positions,
    entriesStopped: await entriesStopped(ledger, symbol),
    decisions,
    newest: newest === null ? null : await lineageOf(ledger, newest),
  }
}

async function entryBehind(ledger: LedgerReads, position: Position): Promise<string | null> {
  const { account, symbol } = position
  const orders = await ledger.loadOrders({ account, symbol, limit: ORDERS_LOOKED_THROUGH })
  const entry = orders.find(
    ({ leg, filledQuantity }) => leg === 'entry' && filledQuantity.isPositive(),
  )
  return entry?.intentId ?? null
}

/** The risk manager's word for all symbols or this one, and what execution found at the symbol itself. */
async function entriesStopped(ledger: LedgerReads, symbol: string): Promise<string[]> {
  const told = [`${STOPPED_PREFIX}*`, `${STOPPED_PREFIX}${symbol}`]
  const values = await Promise.all(told.map((key) => ledger.recall('execution', key)))
  const flattened = [`flattened:*`, `flattened:${symbol}`].map((key) => flattenedText(ledger, key))
  const halted = await ledger.recall('execution', `halted:${symbol}`)
  const closed = await ledger.recall('execution', `market-closed:${symbol}`)
  return [
    ...values,
    ...(await Promise.all(flattened)),
    haltText(halted),
    closedText(closed),
  ].filter((value) => typeof value === 'string')
}

async function flattenedText(ledger: LedgerReads, key: string): Promise<string | null> {
  const reason = await ledger.recall('execution', key)
  return typeof reason === 'string' ? `flattened until resumed: ${reason}` : null
}

const Halt = z.object({ cause: z.string(), reason: z.string() })

/** Earlier versions remembered the reason alone. */
function haltText(stored: Json): Json {
  const halt = Halt.safeParse(stored)
  return halt.success ? `${halt.data.reason} (${halt.data.cause}), until resumed` : stored
}

const Closed = z.object({ status: z.string(), since: z.number() })

function closedText(stored: Json): string | null {
  const closed = Closed.safeParse(stored)
  if (!closed.success) return null
  const { status, since } = closed.data
  return `the venue does not trade the symbol (${status}) since ${instant(since)} (market_closed)`
}
