import type { NewOrder } from './checks.ts'
import type { NewOco, NewPendingList } from './order-lists.ts'
import { legParameters, readLeg, readSide, readType, type Names } from './order-parameters.ts'
import { ParameterReader, type Parameters } from './parameters.ts'
import { refusals, type Refusal } from './refusal.ts'
import type { OrderType, Side } from './types.ts'

const SHARED = [
  'symbol',
  'listClientOrderId',
  'newOrderRespType',
  'selfTradePreventionMode',
] as const

export const OCO_PARAMETERS = [
  ...SHARED,
  'side',
  'quantity',
  ...legParameters('above'),
  ...legParameters('below'),
]

export function readOco(parameters: Parameters, names: Names): NewOco | Refusal {
  const reader = new ParameterReader(parameters)
  const shared = {
    symbol: reader.mandatoryText('symbol'),
    side: readSide(reader, 'side'),
    quantity: reader.mandatoryAmount('quantity'),
    names,
  }
  const [above, below] = readPair(reader, ['above', 'below'], shared)
  const listClientOrderId = reader.clientId('listClientOrderId') ?? names.next()
  return reader.refusal ?? { listClientOrderId, above, below }
}

type Shared = {
  readonly symbol: string
  readonly side: Side
  readonly quantity: bigint
  readonly names: Names
}

/** Two legs that exclude each other; which of them may be what follows from the side. */
function readPair(
  reader: ParameterReader,
  [high, low]: readonly [string, string],
  shared: Shared,
): [NewOrder, NewOrder] {
  const above = readType(reader, `${high}Type`)
  const below = readType(reader, `${low}Type`)
  const wrong = checkPair(shared.side, above, below)
  if (wrong !== null) reader.refuse(wrong)
  return [
    readLeg(reader, high, { ...shared, type: above }),
    readLeg(reader, low, { ...shared, type: below }),
  ]
}

/** The venue's errors -1158, -1165 to -1168 and -1196 to -1199. */
function checkPair(side: Side, above: OrderType, below: OrderType): Refusal | null {
  const types = [above, below]
  if (types.some((type) => type === 'LIMIT' || type === 'MARKET')) return refusals.ocoType()
  if (types.every((type) => type === 'LIMIT_MAKER')) return refusals.ocoOfLimits()
  const [profit, loss] = side === 'SELL' ? types : [below, above]
  if (isStopLoss(profit)) return refusals.ocoStopLoss(side)
  if (loss === 'LIMIT_MAKER') return refusals.ocoLimit(side)
  return isStopLoss(loss) ? null : refusals.ocoTakeProfit(side)
}

function isStopLoss(type: OrderType | undefined): boolean {
  return type === 'STOP_LOSS' || type === 'STOP_LOSS_LIMIT'
}

export const OLD_OCO_PARAMETERS = [
  ...SHARED,
  'side',
  'quantity',
  'limitClientOrderId',
  'limitIcebergQty',
  'limitStrategyId',
  'limitStrategyType',
  'price',
  'trailingDelta',
  'stopClientOrderId',
  'stopIcebergQty',
  'stopStrategyId',
  'stopStrategyType',
  'stopPrice',
  'stopLimitPrice',
  'stopLimitTimeInForce',
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
    limitIcebergQty: `${limit}IcebergQty`,
    limitStrategyId: `${limit}StrategyId`,
    limitStrategyType: `${limit}StrategyType`,
    price: `${limit}Price`,
    trailingDelta: `${stop}TrailingDelta`,
    stopClientOrderId: `${stop}ClientOrderId`,
    stopIcebergQty: `${stop}IcebergQty`,
    stopStrategyId: `${stop}StrategyId`,
    stopStrategyType: `${stop}StrategyType`,
    stopPrice: `${stop}StopPrice`,
    stopLimitPrice: `${stop}Price`,
    stopLimitTimeInForce: `${stop}TimeInForce`,
  }
  if (!parameters.has('price')) return refusals.mandatory('price')
  if (!parameters.has('stopPrice') && !parameters.has('trailingDelta')) {
    return refusals.mandatory('stopPrice')
  }
  for (const [name, value] of parameters) renamed.set(newNames[name] ?? name, value)
  return readOco(renamed, names)
}

type PendingKind = NewPendingList['kind']

/** The waiting orders' prefixes: one, or one above and one below the price. */
const pendingPrefixes: Readonly<Record<PendingKind, readonly string[]>> = {
  OTO: ['pending'],
  OPO: ['pending'],
  OTOCO: ['pendingAbove', 'pendingBelow'],
  OPOCO: ['pendingAbove', 'pendingBelow'],
}

function isSized(kind: PendingKind): boolean {
  return kind === 'OTO' || kind === 'OTOCO'
}

export function pendingListParameters(kind: PendingKind): readonly string[] {
  return [
    ...SHARED,
    'workingSide',
    'workingQuantity',
    ...legParameters('working').filter((name) => !/StopPrice|TrailingDelta/.test(name)),
    'pendingSide',
    ...(isSized(kind) ? ['pendingQuantity'] : []),
    ...pendingPrefixes[kind].flatMap(legParameters),
  ]
}

export function readPendingList(
  kind: PendingKind,
  parameters: Parameters,
  names: Names,
): NewPendingList | Refusal {
  const reader = new ParameterReader(parameters)
  const symbol = reader.mandatoryText('symbol')
  const working = readWorking(reader, symbol, names)
  const shared = {
    symbol,
    side: readSide(reader, 'pendingSide'),
    quantity: isSized(kind) ? reader.mandatoryAmount('pendingQuantity') : 0n,
    names,
  }
  if (!isSized(kind) && (working.side !== 'BUY' || shared.side !== 'SELL')) {
    reader.refuse(refusals.invalidSide())
  }
  const pendings = readPendings(reader, kind, shared)
  const listClientOrderId = reader.clientId('listClientOrderId') ?? names.next()
  return reader.refusal ?? { kind, listClientOrderId, working, pendings }
}

function readPendings(reader: ParameterReader, kind: PendingKind, shared: Shared): NewOrder[] {
  const [first = '', second] = pendingPrefixes[kind]
  if (second !== undefined) return readPair(reader, [first, second], shared)
  const type = readType(reader, `${first}Type`)
  return [readLeg(reader, first, { ...shared, type })]
}

/** Only what rests in the book or is over at once can have somebody wait for it. */
function readWorking(reader: ParameterReader, symbol: string, names: Names): NewOrder {
  const type = readType(reader, 'workingType')
  if (type !== 'LIMIT' && type !== 'LIMIT_MAKER') reader.refuse(refusals.otoType())
  const side = readSide(reader, 'workingSide')
  const quantity = reader.mandatoryAmount('workingQuantity')
  return readLeg(reader, 'working', { symbol, side, quantity, names, type })
}
