import type { NewOco } from './order-lists.ts'
import type { NewOrder } from './orders.ts'
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

export const ORDER_PARAMETERS = [
  'symbol',
  'side',
  'type',
  'timeInForce',
  'quantity',
  'quoteOrderQty',
  'price',
  'newClientOrderId',
  'strategyId',
  'strategyType',
  'stopPrice',
  'newOrderRespType',
  'selfTradePreventionMode',
] as const

export function readOrder(parameters: Parameters, names: Names): NewOrder | Refusal {
  const reader = new ParameterReader(parameters)
  const symbol = reader.mandatoryText('symbol')
  const side = readSide(reader)
  const type = readType(reader, 'type', ORDER_TYPES)
  checkNeeded(reader, type)
  const order: NewOrder = {
    symbol,
    side,
    type,
    timeInForce: readTimeInForce(reader, 'timeInForce'),
    price: reader.amount('price'),
    stopPrice: reader.amount('stopPrice'),
    quantity: reader.amount('quantity'),
    quoteQuantity: reader.amount('quoteOrderQty'),
    clientOrderId: reader.clientId('newClientOrderId') ?? names.next(),
    ...readCommon(reader, ''),
  }
  return reader.refusal ?? order
}

function checkNeeded(reader: ParameterReader, type: OrderType): void {
  if (type === 'MARKET') {
    if (reader.has('quantity') && reader.has('quoteOrderQty')) {
      reader.refuse(refusals.invalidCombination())
    }
    if (!reader.has('quoteOrderQty')) reader.mandatoryAmount('quantity')
  } else {
    reader.mandatoryAmount('quantity')
    reader.forbid(['quoteOrderQty'])
  }
  if (isLimit(type)) reader.mandatoryAmount('price')
  else reader.forbid(['price'])
  if (isStop(type)) reader.mandatoryAmount('stopPrice')
  else reader.forbid(['stopPrice'])
  if (isLimit(type) && type !== 'LIMIT_MAKER') reader.mandatoryText('timeInForce')
  else reader.forbid(['timeInForce'])
}

function readSide(reader: ParameterReader): Side {
  reader.mandatoryText('side')
  return reader.choice('side', SIDES, refusals.invalidSide()) ?? 'BUY'
}

function readType(reader: ParameterReader, name: string, types: readonly OrderType[]): OrderType {
  reader.mandatoryText(name)
  return reader.choice(name, types, refusals.invalidOrderType()) ?? 'MARKET'
}

function readTimeInForce(reader: ParameterReader, name: string): TimeInForce {
  return reader.choice(name, TIMES_IN_FORCE, refusals.invalidTimeInForce()) ?? 'GTC'
}

type Common = {
  readonly selfTradeMode: SelfTradeMode
  readonly strategyId: number | null
  readonly strategyType: number | null
}

/** Of a single order, or of the leg whose names begin with a prefix. */
function readCommon(reader: ParameterReader, prefix: string): Common {
  const wrongMode = refusals.invalidData('selfTradePreventionMode')
  const strategyType = reader.integer(prefix === '' ? 'strategyType' : `${prefix}StrategyType`)
  if (strategyType !== null && strategyType < 1_000_000) {
    reader.refuse(refusals.invalidData('strategyType'))
  }
  return {
    selfTradeMode:
      reader.choice('selfTradePreventionMode', SELF_TRADE_MODES, wrongMode) ?? 'EXPIRE_MAKER',
    strategyId: reader.integer(prefix === '' ? 'strategyId' : `${prefix}StrategyId`),
    strategyType,
  }
}

const LEG_FIELDS = [
  'Type',
  'ClientOrderId',
  'Price',
  'StopPrice',
  'TimeInForce',
  'StrategyId',
  'StrategyType',
] as const

export const OCO_PARAMETERS = [
  'symbol',
  'listClientOrderId',
  'side',
  'quantity',
  'newOrderRespType',
  'selfTradePreventionMode',
  ...LEG_FIELDS.flatMap((field) => [`above${field}`, `below${field}`]),
]

const legTypes = ORDER_TYPES.filter((type) => type !== 'LIMIT' && type !== 'MARKET')

export function readOco(parameters: Parameters, names: Names): NewOco | Refusal {
  const reader = new ParameterReader(parameters)
  const shared = {
    symbol: reader.mandatoryText('symbol'),
    side: readSide(reader),
    quantity: reader.mandatoryAmount('quantity'),
  }
  const above = readLeg(reader, 'above', { ...shared, names })
  const below = readLeg(reader, 'below', { ...shared, names })
  const oco: NewOco = {
    listClientOrderId: reader.clientId('listClientOrderId') ?? names.next(),
    above,
    below,
  }
  return reader.refusal ?? (isPair(above, below) ? oco : refusals.invalidCombination())
}

/** A stop-loss on one side of the price, a take-profit of whatever kind on the other. */
function isPair(above: NewOrder, below: NewOrder): boolean {
  const [profit, loss] = above.side === 'SELL' ? [above, below] : [below, above]
  return (
    (loss.type === 'STOP_LOSS' || loss.type === 'STOP_LOSS_LIMIT') &&
    profit.type !== 'STOP_LOSS' &&
    profit.type !== 'STOP_LOSS_LIMIT'
  )
}

type Shared = {
  readonly symbol: string
  readonly side: Side
  readonly quantity: bigint
  readonly names: Names
}

function readLeg(reader: ParameterReader, prefix: 'above' | 'below', shared: Shared): NewOrder {
  const { names, ...common } = shared
  const type = readType(reader, `${prefix}Type`, legTypes)
  if (isLimit(type)) reader.mandatoryAmount(`${prefix}Price`)
  else reader.forbid([`${prefix}Price`])
  if (isStop(type)) reader.mandatoryAmount(`${prefix}StopPrice`)
  else reader.forbid([`${prefix}StopPrice`])
  if (isLimit(type) && isStop(type)) reader.mandatoryText(`${prefix}TimeInForce`)
  else reader.forbid([`${prefix}TimeInForce`])
  return {
    ...common,
    type,
    timeInForce: readTimeInForce(reader, `${prefix}TimeInForce`),
    price: reader.amount(`${prefix}Price`),
    stopPrice: reader.amount(`${prefix}StopPrice`),
    quoteQuantity: 0n,
    clientOrderId: reader.clientId(`${prefix}ClientOrderId`) ?? names.next(),
    ...readCommon(reader, prefix),
  }
}

export const OLD_OCO_PARAMETERS = [
  'symbol',
  'listClientOrderId',
  'side',
  'quantity',
  'limitClientOrderId',
  'price',
  'stopClientOrderId',
  'stopPrice',
  'stopLimitPrice',
  'stopLimitTimeInForce',
  'newOrderRespType',
  'selfTradePreventionMode',
] as const

/** The deprecated form says limit and stop; which of them is above follows from the side. */
export function readOldOco(parameters: Parameters, names: Names): NewOco | Refusal {
  const isSell = parameters.get('side') === 'SELL'
  const [limit, stop] = isSell ? (['above', 'below'] as const) : (['below', 'above'] as const)
  const renamed = new Map<string, string>([
    [`${limit}Type`, 'LIMIT_MAKER'],
    [`${stop}Type`, parameters.has('stopLimitPrice') ? 'STOP_LOSS_LIMIT' : 'STOP_LOSS'],
  ])
  const newNames: Readonly<Record<string, string>> = {
    limitClientOrderId: `${limit}ClientOrderId`,
    price: `${limit}Price`,
    stopClientOrderId: `${stop}ClientOrderId`,
    stopPrice: `${stop}StopPrice`,
    stopLimitPrice: `${stop}Price`,
    stopLimitTimeInForce: `${stop}TimeInForce`,
  }
  for (const name of ['price', 'stopPrice']) {
    if (!parameters.has(name)) return refusals.mandatory(name)
  }
  for (const [name, value] of parameters) renamed.set(newNames[name] ?? name, value)
  return readOco(renamed, names)
}
