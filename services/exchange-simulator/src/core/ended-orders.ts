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
  /** What only few orders have. */
  readonly rare: Map<number, Rare>
  /** A copy writes none of the rows that it shares. */
  readonly isCopy: boolean
  /** Those that have no room in a row, as they are, and those that a copy has of its own. */
  readonly whole: Map<number, Order>
}

/** Where in a row each stands: six amounts, four numbers, two integers, then bytes. */
const PLACE = {
  price: 0,
  quantity: 1,
  quoteQuantity: 2,
  executed: 3,
  executedQuote: 4,
  lockPrice: 5,
  createdAt: 6,
  updatedAt: 7,
  workingAt: 8,
  firstTrade: 9,
  listAndTrades: 10,
  bytes: 11,
} as const

/** Six words, then the length of the client id, then the client id. */
const NAME = 6
const NAME_BYTES = 41
const WIDTH = PLACE.bytes + (NAME + 1 + NAME_BYTES) / PLACE_BYTES

type Rare = Pick<
  Order,
  | 'stopPrice'
  | 'icebergQuantity'
  | 'visible'
  | 'extreme'
  | 'prevented'
  | 'preventedQuote'
  | 'preventedMatchId'
  | 'trailingDelta'
  | 'trailingAt'
  | 'strategyId'
  | 'strategyType'
  | 'amends'
>

const USUAL: Rare = {
  stopPrice: 0n,
  icebergQuantity: 0n,
  visible: 0n,
  extreme: 0n,
  prevented: 0n,
  preventedQuote: 0n,
  preventedMatchId: null,
  trailingDelta: 0,
  trailingAt: -1,
  strategyId: null,
  strategyType: null,
  amends: 0,
}

export function createEnded(symbol: string): EndedOrders {
  return { symbol, rows: createRows(WIDTH), rare: new Map(), isCopy: false, whole: new Map() }
}

export function copyEnded(ended: EndedOrders): EndedOrders {
  return { ...ended, isCopy: true, whole: new Map(ended.whole) }
}

export function fileEnded(ended: EndedOrders, order: Order): void {
  const { rows } = ended
  if (ended.isCopy || !fits(bitsOf(order))) return void ended.whole.set(order.id, order)
  const { amounts, numbers, integers, bytes } = chunkFor(rows, order.id)
  const start = startOf(rows, order.id)
  const byte = (start + PLACE.bytes) * PLACE_BYTES
  const isNamed = writeName(bytes, byte + NAME, order)
  if (!isNamed) return void ended.whole.set(order.id, order)
  amounts[start + PLACE.price] = order.price
  amounts[start + PLACE.quantity] = order.quantity
  amounts[start + PLACE.quoteQuantity] = order.quoteQuantity
  amounts[start + PLACE.executed] = order.executed
  amounts[start + PLACE.executedQuote] = order.executedQuote
  amounts[start + PLACE.lockPrice] = order.lockPrice
  numbers[start + PLACE.createdAt] = order.createdAt
  numbers[start + PLACE.updatedAt] = order.updatedAt
  numbers[start + PLACE.workingAt] = order.workingAt
  numbers[start + PLACE.firstTrade] = order.trades[0]?.id ?? 0
  integers[(start + PLACE.listAndTrades) * 2] = order.listId
  integers[(start + PLACE.listAndTrades) * 2 + 1] = order.trades.length
  bytes[byte] = codeOfSide(order.side)
  bytes[byte + 1] = codeOfType(order.type)
  bytes[byte + 2] = codeOfTime(order.timeInForce)
  bytes[byte + 3] = codeOfMode(order.selfTradeMode)
  bytes[byte + 4] = codeOfStatus(order.status)
  bytes[byte + 5] = order.expiryReason === null ? 0 : codeOf(EXPIRY_REASONS, order.expiryReason)
  if (!isUsual(order)) ended.rare.set(order.id, rareOf(order))
}

/** The bits of all amounts together, of which none is negative. */
function bitsOf(order: Order): bigint {
  return (
    order.price |
    order.quantity |
    order.quoteQuantity |
    order.executed |
    order.executedQuote |
    order.lockPrice
  )
}

/** A word's number, from 1 on. */
function codeOf<Word extends string>(words: readonly Word[], word: Word): number {
  const index = words.indexOf(word)
  if (index < 0) throw new RangeError(`${word} is none of ${words.join(', ')}`)
  return index + 1
}

/** What nearly every order is called needs no search through the words. */
const CODES = {
  buy: codeOf(SIDES, 'BUY'),
  sell: codeOf(SIDES, 'SELL'),
  limit: codeOf(ORDER_TYPES, 'LIMIT'),
  market: codeOf(ORDER_TYPES, 'MARKET'),
  goodTillCancelled: codeOf(TIMES_IN_FORCE, 'GTC'),
  expireMaker: codeOf(SELF_TRADE_MODES, 'EXPIRE_MAKER'),
  filled: codeOf(ORDER_STATUSES, 'FILLED'),
  cancelled: codeOf(ORDER_STATUSES, 'CANCELED'),
} as const

function codeOfSide(side: Order['side']): number {
  return side === 'BUY' ? CODES.buy : CODES.sell
}

function codeOfType(type: Order['type']): number {
  if (type === 'LIMIT') return CODES.limit
  return type === 'MARKET' ? CODES.market : codeOf(ORDER_TYPES, type)
}

function codeOfTime(time: Order['timeInForce']): number {
  return time === 'GTC' ? CODES.goodTillCancelled : codeOf(TIMES_IN_FORCE, time)
}

function codeOfMode(mode: Order['selfTradeMode']): number {
  return mode === 'EXPIRE_MAKER' ? CODES.expireMaker : codeOf(SELF_TRADE_MODES, mode)
}

function codeOfStatus(status: Order['status']): number {
  if (status === 'FILLED') return CODES.filled
  return status === 'CANCELED' ? CODES.cancelled : codeOf(ORDER_STATUSES, status)
}

function isUsual(order: Order): boolean {
  const { stopPrice, icebergQuantity, visible, extreme, prevented, preventedQuote } = order
  const bits = stopPrice | icebergQuantity | visible | extreme | prevented | preventedQuote
  return bits === 0n && hasNoMarks(order)
}

function hasNoMarks(order: Order): boolean {
  return (
    order.preventedMatchId === null &&
    order.trailingDelta === 0 &&
    order.trailingAt === -1 &&
    order.strategyId === null &&
    order.strategyType === null &&
    order.amends === 0
  )
}

function rareOf(order: Order): Rare {
  return {
    stopPrice: order.stopPrice,
    icebergQuantity: order.icebergQuantity,
    visible: order.visible,
    extreme: order.extreme,
    prevented: order.prevented,
    preventedQuote: order.preventedQuote,
    preventedMatchId: order.preventedMatchId,
    trailingDelta: order.trailingDelta,
    trailingAt: order.trailingAt,
    strategyId: order.strategyId,
    strategyType: order.strategyType,
    amends: order.amends,
  }
}

/** False for a name that no client can give: it is too long, or has characters of another kind. */
function writeName(bytes: Uint8Array, at: number, order: Order): boolean {
  const name = order.clientOrderId
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

/** What an order has traded is kept elsewhere: how many trades, the first of them with this id. */
export type TradesOf = (orderId: number, firstId: number, count: number) => Trade[]

export function endedOrder(ended: EndedOrders, id: number, tradesOf: TradesOf): Order | undefined {
  const whole = ended.whole.get(id)
  const name = endedName(ended, id)
  if (whole !== undefined || name === null) return whole
  const { amounts, numbers, integers, bytes } = chunkOf(ended.rows, id)!
  const start = startOf(ended.rows, id)
  const byte = (start + PLACE.bytes) * PLACE_BYTES
  const pair = (start + PLACE.listAndTrades) * 2
  return {
    ...(ended.rare.get(id) ?? USUAL),
    symbol: ended.symbol,
    id,
    clientOrderId: name,
    side: SIDES[bytes[byte]! - 1]!,
    type: ORDER_TYPES[bytes[byte + 1]! - 1]!,
    timeInForce: TIMES_IN_FORCE[bytes[byte + 2]! - 1]!,
    selfTradeMode: SELF_TRADE_MODES[bytes[byte + 3]! - 1]!,
    status: ORDER_STATUSES[bytes[byte + 4]! - 1]!,
    expiryReason: EXPIRY_REASONS[bytes[byte + 5]! - 1] ?? null,
    price: amounts[start + PLACE.price]!,
    quantity: amounts[start + PLACE.quantity]!,
    quoteQuantity: amounts[start + PLACE.quoteQuantity]!,
    executed: amounts[start + PLACE.executed]!,
    executedQuote: amounts[start + PLACE.executedQuote]!,
    lockPrice: amounts[start + PLACE.lockPrice]!,
    createdAt: numbers[start + PLACE.createdAt]!,
    updatedAt: numbers[start + PLACE.updatedAt]!,
    workingAt: numbers[start + PLACE.workingAt]!,
    listId: integers[pair]!,
    rank: 0,
    locked: 0n,
    trades: tradesOf(id, numbers[start + PLACE.firstTrade]!, integers[pair + 1]!),
  }
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
