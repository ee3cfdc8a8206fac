import { chunkFor, chunkOf, createRows, fits, PLACE_BYTES, startOf, type Rows } from './rows.ts'
import {
  EXPIRY_REASONS,
  ORDER_STATUSES,
  ORDER_TYPES,
  SELF_TRADE_MODES,
  SIDES,
  TIMES_IN_FORCE,
  type Order,
  type Trade,
} from './types.ts'

/**
 * Orders that have ended, each in the row of its id. They never change again, so that a row is made
 * into an order anew for whoever asks about it. Nothing is locked for them and they stand in no queue.
 */
export type EndedOrders = {
  readonly symbol: string
  readonly rows: Rows
  /** A copy writes none of the rows that it shares. */
  readonly isCopy: boolean
  /** Those with an amount that has no room in a row, and those that a copy has of its own. */
  readonly whole: Map<number, Order>
}

/** Where in a row each stands: twelve amounts, then numbers, then bytes for words and the name. */
const PLACE = {
  price: 0,
  stopPrice: 1,
  extreme: 2,
  quantity: 3,
  quoteQuantity: 4,
  icebergQuantity: 5,
  visible: 6,
  executed: 7,
  executedQuote: 8,
  prevented: 9,
  preventedQuote: 10,
  lockPrice: 11,
  createdAt: 12,
  updatedAt: 13,
  workingAt: 14,
  trailingDelta: 15,
  trailingAt: 16,
  listId: 17,
  amends: 18,
  strategyId: 19,
  strategyType: 20,
  preventedMatchId: 21,
  trades: 22,
  firstTrade: 23,
  bytes: 24,
} as const

/** Six words, then the length of the client id, then the client id. */
const NAME = 6
const NAME_BYTES = 41
const WIDTH = PLACE.bytes + 6

export function createEnded(symbol: string): EndedOrders {
  return { symbol, rows: createRows(WIDTH), isCopy: false, whole: new Map() }
}

export function copyEnded(ended: EndedOrders): EndedOrders {
  return { ...ended, isCopy: true, whole: new Map(ended.whole) }
}

export function fileEnded(ended: EndedOrders, order: Order): void {
  const { rows } = ended
  if (ended.isCopy || !fits(bitsOf(order))) return void ended.whole.set(order.id, order)
  const { amounts, numbers, bytes } = chunkFor(rows, order.id)
  const start = startOf(rows, order.id)
  const word = (start + PLACE.bytes) * PLACE_BYTES
  if (!writeName(bytes, word + NAME, order.clientOrderId)) {
    return void ended.whole.set(order.id, order)
  }
  amounts[start + PLACE.price] = order.price
  amounts[start + PLACE.stopPrice] = order.stopPrice
  amounts[start + PLACE.extreme] = order.extreme
  amounts[start + PLACE.quantity] = order.quantity
  amounts[start + PLACE.quoteQuantity] = order.quoteQuantity
  amounts[start + PLACE.icebergQuantity] = order.icebergQuantity
  amounts[start + PLACE.visible] = order.visible
  amounts[start + PLACE.executed] = order.executed
  amounts[start + PLACE.executedQuote] = order.executedQuote
  amounts[start + PLACE.prevented] = order.prevented
  amounts[start + PLACE.preventedQuote] = order.preventedQuote
  amounts[start + PLACE.lockPrice] = order.lockPrice
  numbers[start + PLACE.createdAt] = order.createdAt
  numbers[start + PLACE.updatedAt] = order.updatedAt
  numbers[start + PLACE.workingAt] = order.workingAt
  numbers[start + PLACE.trailingDelta] = order.trailingDelta
  numbers[start + PLACE.trailingAt] = order.trailingAt
  numbers[start + PLACE.listId] = order.listId
  numbers[start + PLACE.amends] = order.amends
  numbers[start + PLACE.strategyId] = order.strategyId ?? NaN
  numbers[start + PLACE.strategyType] = order.strategyType ?? NaN
  numbers[start + PLACE.preventedMatchId] = order.preventedMatchId ?? NaN
  numbers[start + PLACE.trades] = order.trades.length
  numbers[start + PLACE.firstTrade] = order.trades[0]?.id ?? 0
  bytes[word] = CODES[order.side]
  bytes[word + 1] = CODES[order.type]
  bytes[word + 2] = CODES[order.timeInForce]
  bytes[word + 3] = CODES[order.selfTradeMode]
  bytes[word + 4] = CODES[order.status]
  bytes[word + 5] = order.expiryReason === null ? 0 : CODES[order.expiryReason]
}

/** False for a name that no client can give: it is too long, or has characters of another kind. */
function writeName(bytes: Uint8Array, at: number, name: string): boolean {
  const { length } = name
  if (length === 0 || length > NAME_BYTES) return false
  for (let index = 0; index < length; index += 1) {
    const code = name.charCodeAt(index)
    if (code > 0xff) return false
    bytes[at + 1 + index] = code
  }
  bytes[at] = length
  return true
}

/** Null where none is written. */
function readName(bytes: Uint8Array, at: number): string | null {
  const length = bytes[at]!
  return length === 0 ? null : String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length))
}

/** The bits of all amounts together, of which none is negative. */
function bitsOf(order: Order): bigint {
  return (
    order.price |
    order.stopPrice |
    order.extreme |
    order.quantity |
    order.quoteQuantity |
    order.icebergQuantity |
    order.visible |
    order.executed |
    order.executedQuote |
    order.prevented |
    order.preventedQuote |
    order.lockPrice
  )
}

/** Every word that an order can have in one of six places; in a row it is its number here. */
const WORDS = [
  null,
  ...SIDES,
  ...ORDER_TYPES,
  ...TIMES_IN_FORCE,
  ...SELF_TRADE_MODES,
  ...ORDER_STATUSES,
  ...EXPIRY_REASONS,
] as const

const CODES = Object.fromEntries(WORDS.map((word, code) => [word, code])) as Readonly<
  Record<NonNullable<(typeof WORDS)[number]>, number>
>

/** What an order has traded is kept elsewhere: how many trades, the first of them with this id. */
export type TradesOf = (orderId: number, firstId: number, count: number) => Trade[]

export function endedOrder(ended: EndedOrders, id: number, tradesOf: TradesOf): Order | undefined {
  const whole = ended.whole.get(id)
  const name = endedName(ended, id)
  if (whole !== undefined || name === null) return whole
  const { amounts, numbers, bytes } = chunkOf(ended.rows, id)!
  const start = startOf(ended.rows, id)
  const amount = (name: keyof typeof PLACE): bigint => amounts[start + PLACE[name]]!
  const number = (name: keyof typeof PLACE): number => numbers[start + PLACE[name]]!
  const word = <Word>(at: number): Word =>
    WORDS[bytes[(start + PLACE.bytes) * PLACE_BYTES + at]!] as Word
  return {
    symbol: ended.symbol,
    side: word(0),
    type: word(1),
    timeInForce: word(2),
    price: amount('price'),
    stopPrice: amount('stopPrice'),
    trailingDelta: number('trailingDelta'),
    quantity: amount('quantity'),
    quoteQuantity: amount('quoteQuantity'),
    icebergQuantity: amount('icebergQuantity'),
    clientOrderId: name,
    selfTradeMode: word(3),
    strategyId: orNull(number('strategyId')),
    strategyType: orNull(number('strategyType')),
    id,
    listId: number('listId'),
    status: word(4),
    expiryReason: word(5),
    trailingAt: number('trailingAt'),
    extreme: amount('extreme'),
    visible: amount('visible'),
    executed: amount('executed'),
    executedQuote: amount('executedQuote'),
    prevented: amount('prevented'),
    preventedQuote: amount('preventedQuote'),
    preventedMatchId: orNull(number('preventedMatchId')),
    lockPrice: amount('lockPrice'),
    amends: number('amends'),
    rank: 0,
    locked: 0n,
    createdAt: number('createdAt'),
    updatedAt: number('updatedAt'),
    workingAt: number('workingAt'),
    trades: tradesOf(id, number('firstTrade'), number('trades')),
  }
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

/** Its client id, without making the order; null where there is no such order. */
export function endedName(ended: EndedOrders, id: number): string | null {
  const whole = ended.whole.get(id)
  if (whole !== undefined) return whole.clientOrderId
  const bytes = chunkOf(ended.rows, id)?.bytes
  if (bytes === undefined) return null
  return readName(bytes, (startOf(ended.rows, id) + PLACE.bytes) * PLACE_BYTES + NAME)
}

/** When it was made; NaN where there is no such order. */
export function endedCreatedAt(ended: EndedOrders, id: number): number {
  const whole = ended.whole.get(id)
  if (whole !== undefined) return whole.createdAt
  const chunk = chunkOf(ended.rows, id)
  if (chunk === undefined) return NaN
  const start = startOf(ended.rows, id)
  const isThere = chunk.bytes[(start + PLACE.bytes) * PLACE_BYTES + NAME]! > 0
  return isThere ? chunk.numbers[start + PLACE.createdAt]! : NaN
}
