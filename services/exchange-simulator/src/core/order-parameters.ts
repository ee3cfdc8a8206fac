import type { NewOrder } from './checks.ts'
import { ParameterReader, type Parameters } from './parameters.ts'
import { refusals, type Refusal } from './refusal.ts'
import {
  isLimit,
  isStop,
  ORDER_TYPES,
  SELF_TRADE_MODES,
  SIDES,
  TIMES_IN_FORCE,
  type OrderType,
  type SelfTradeMode,
  type Side,
  type TimeInForce,
} from './types.ts'

/** Gives names to orders that were sent without one. */
export type Names = { next(): string }

/** Of orders whose price follows the book's: understood, and refused as where the venue has none. */
const PEG_FIELDS = ['PegPriceType', 'PegOffsetType', 'PegOffsetValue'] as const

const LEG_FIELDS = [
  'Type',
  'ClientOrderId',
  'Price',
  'StopPrice',
  'TrailingDelta',
  'IcebergQty',
  'TimeInForce',
  'StrategyId',
  'StrategyType',
  ...PEG_FIELDS,
] as const

type LegField = (typeof LEG_FIELDS)[number] | 'Quantity' | 'Side'

/** What a field of a leg is called; the one order of a single request has no prefix. */
function nameOf(prefix: string, field: LegField): string {
  if (prefix !== '') return `${prefix}${field}`
  return field === 'ClientOrderId'
    ? 'newClientOrderId'
    : `${field.charAt(0).toLowerCase()}${field.slice(1)}`
}

/** Everything that can be said about one leg. */
export function legParameters(prefix: string): string[] {
  return LEG_FIELDS.map((field) => nameOf(prefix, field))
}

export const ORDER_PARAMETERS = [
  'symbol',
  'side',
  'quantity',
  'quoteOrderQty',
  'newOrderRespType',
  'selfTradePreventionMode',
  ...legParameters(''),
]

export function readOrder(parameters: Parameters, names: Names): NewOrder | Refusal {
  const reader = new ParameterReader(parameters)
  const symbol = reader.mandatoryText('symbol')
  const side = readSide(reader, 'side')
  const type = readType(reader, 'type')
  checkSize(reader, type)
  const order = readLeg(reader, '', {
    symbol,
    side,
    names,
    type,
    quantity: reader.amount('quantity'),
    quoteQuantity: reader.amount('quoteOrderQty'),
  })
  return reader.refusal ?? order
}

function checkSize(reader: ParameterReader, type: OrderType): void {
  if (type !== 'MARKET') {
    reader.mandatoryAmount('quantity')
    reader.forbid(['quoteOrderQty'])
    return
  }
  if (reader.has('quantity') && reader.has('quoteOrderQty')) {
    reader.refuse(refusals.invalidCombination())
  }
  if (!reader.has('quoteOrderQty')) reader.mandatoryAmount('quantity')
}

export type LegShape = {
  readonly symbol: string
  readonly side: Side
  readonly type: OrderType
  readonly quantity: bigint
  readonly quoteQuantity?: bigint
  readonly names: Names
}

/** One order of a request, by the names that its fields have there. */
export function readLeg(reader: ParameterReader, prefix: string, shape: LegShape): NewOrder {
  const { names, ...shared } = shape
  const name = (field: LegField): string => nameOf(prefix, field)
  if (PEG_FIELDS.some((field) => reader.has(name(field)))) reader.refuse(refusals.pegged())
  checkNeeded(reader, prefix, shape.type)
  const order: NewOrder = {
    quoteQuantity: 0n,
    ...shared,
    timeInForce: readTimeInForce(reader, name('TimeInForce')),
    price: reader.amount(name('Price')),
    stopPrice: reader.amount(name('StopPrice')),
    trailingDelta: reader.integer(name('TrailingDelta')) ?? 0,
    icebergQuantity: reader.amount(name('IcebergQty')),
    clientOrderId: reader.clientId(name('ClientOrderId')) ?? names.next(),
    selfTradeMode: readSelfTradeMode(reader),
    strategyId: reader.integer(name('StrategyId')),
    strategyType: readStrategyType(reader, name('StrategyType')),
  }
  if (order.icebergQuantity > 0n && order.timeInForce !== 'GTC') {
    reader.refuse(
      prefix === '' ? refusals.unsupportedCombination() : refusals.icebergNeedsGtc(prefix),
    )
  }
  return order
}

function checkNeeded(reader: ParameterReader, prefix: string, type: OrderType): void {
  const name = (field: LegField): string => nameOf(prefix, field)
  if (isLimit(type)) reader.mandatoryAmount(name('Price'))
  else reader.forbid([name('Price'), name('IcebergQty')])
  if (!isStop(type)) reader.forbid([name('StopPrice'), name('TrailingDelta')])
  else if (!reader.has(name('TrailingDelta'))) reader.mandatoryAmount(name('StopPrice'))
  if (isLimit(type) && type !== 'LIMIT_MAKER') reader.mandatoryText(name('TimeInForce'))
  else reader.forbid([name('TimeInForce')])
}

export function readSide(reader: ParameterReader, name: string): Side {
  reader.mandatoryText(name)
  return reader.choice(name, SIDES, refusals.invalidSide()) ?? 'BUY'
}

export function readType(reader: ParameterReader, name: string): OrderType {
  reader.mandatoryText(name)
  return reader.choice(name, ORDER_TYPES, refusals.invalidOrderType()) ?? 'MARKET'
}

function readTimeInForce(reader: ParameterReader, name: string): TimeInForce {
  return reader.choice(name, TIMES_IN_FORCE, refusals.invalidTimeInForce()) ?? 'GTC'
}

function readSelfTradeMode(reader: ParameterReader): SelfTradeMode {
  const name = 'selfTradePreventionMode'
  return reader.choice(name, SELF_TRADE_MODES, refusals.invalidData(name)) ?? 'EXPIRE_MAKER'
}

const STRATEGY_TYPE_MIN = 1_000_000

function readStrategyType(reader: ParameterReader, name: string): number | null {
  const strategyType = reader.integer(name)
  if (strategyType !== null && strategyType < STRATEGY_TYPE_MIN) {
    reader.refuse(refusals.smallStrategyType())
  }
  return strategyType
}
