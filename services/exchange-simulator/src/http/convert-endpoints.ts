import {
  acceptQuote,
  findConversion,
  formatUnits,
  isRefusal,
  ONE,
  ParameterReader,
  quoteConversion,
  refusals,
  type Conversion,
  type Refusal,
} from '../core/index.ts'
import { reply, type Call, type Endpoint, type Reply } from './endpoint.ts'

/** How long a quote is good, by the word for it. */
const VALID_MS = { '10s': 10_000, '30s': 30_000, '1m': 60_000, '2m': 120_000 } as const
const VALID_TIMES = ['10s', '30s', '1m', '2m'] as const

/** Ids of the convert desk are long numbers, and of another kind than those of orders. */
const FIRST_ID = 12_000_000_000

/**
 * The convert desk: exchange at a quoted price. The exchange counts these requests against the account and
 * not against the address, so they weigh next to nothing here.
 */
export const convertEndpoints: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/sapi/v1/convert/getQuote',
    weight: 1,
    security: 'signed',
    parameters: ['fromAsset', 'toAsset', 'fromAmount', 'toAmount', 'walletType', 'validTime'],
    handle: giveQuote,
  },
  {
    method: 'POST',
    path: '/sapi/v1/convert/acceptQuote',
    weight: 1,
    security: 'signed',
    parameters: ['quoteId'],
    handle: takeQuote,
  },
  {
    method: 'GET',
    path: '/sapi/v1/convert/orderStatus',
    weight: 1,
    security: 'signed',
    parameters: ['orderId', 'quoteId'],
    handle: tellStatus,
  },
]

function giveQuote({ desk, parameters }: Call): Reply | Refusal {
  const reader = new ParameterReader(parameters)
  const from = reader.mandatoryText('fromAsset')
  const to = reader.mandatoryText('toAsset')
  const fromAmount = reader.amount('fromAmount')
  const toAmount = reader.amount('toAmount')
  reader.choice('walletType', ['SPOT'], refusals.invalidData('walletType'))
  const valid = reader.choice('validTime', VALID_TIMES, refusals.invalidData('validTime'))
  if (!reader.has('fromAmount') && !reader.has('toAmount')) {
    reader.refuse(refusals.oneMandatory('fromAmount', 'toAmount'))
  }
  if (fromAmount > 0n === toAmount > 0n) reader.refuse(refusals.invalidCombination())
  if (reader.refusal !== null) return reader.refusal
  const validMs = VALID_MS[valid ?? '10s']
  const asked = { from, to, fromAmount, toAmount, validMs }
  const quoted = quoteConversion(desk.engine, asked, desk.now())
  if (isRefusal(quoted)) return quoted
  const { conversion, isCovered } = quoted
  return reply({
    ...(isCovered ? { quoteId: idOf(conversion) } : {}),
    ...ratios(conversion),
    validTimestamp: conversion.validUntil,
    toAmount: formatUnits(conversion.toAmount),
    fromAmount: formatUnits(conversion.fromAmount),
  })
}

/** What came of it is told by the status: the acceptance only says that it is under way. */
function takeQuote({ desk, parameters }: Call): Reply | Refusal {
  const reader = new ParameterReader(parameters)
  reader.mandatoryText('quoteId')
  const quoteId = numberOf(reader, 'quoteId')
  if (reader.refusal !== null) return reader.refusal
  const conversion = acceptQuote(desk.engine, quoteId ?? 0, desk.now())
  if (isRefusal(conversion)) return conversion
  const { acceptedAt: createTime } = conversion
  return reply({ orderId: idOf(conversion), createTime, orderStatus: 'PROCESS' })
}

function tellStatus({ desk, parameters }: Call): Reply | Refusal {
  const reader = new ParameterReader(parameters)
  const orderId = numberOf(reader, 'orderId')
  const quoteId = numberOf(reader, 'quoteId')
  if (orderId === null && quoteId === null) {
    reader.refuse(refusals.oneMandatory('orderId', 'quoteId'))
  }
  if (orderId !== null && quoteId !== null) reader.refuse(refusals.invalidCombination())
  if (reader.refusal !== null) return reader.refusal
  const conversion = findConversion(desk.engine, { orderId, quoteId })
  return isRefusal(conversion) ? conversion : reply(conversionReport(conversion))
}

export function conversionReport(conversion: Conversion): unknown {
  return {
    orderId: FIRST_ID + conversion.id,
    orderStatus: 'SUCCESS',
    fromAsset: conversion.from,
    fromAmount: formatUnits(conversion.fromAmount),
    toAsset: conversion.to,
    toAmount: formatUnits(conversion.toAmount),
    ...ratios(conversion),
    createTime: conversion.acceptedAt,
  }
}

function ratios({ fromAmount, toAmount }: Conversion) {
  return {
    ratio: formatUnits((toAmount * ONE) / fromAmount),
    inverseRatio: formatUnits((fromAmount * ONE) / toAmount),
  }
}

function idOf({ id }: Conversion): string {
  return String(FIRST_ID + id)
}

function numberOf(reader: ParameterReader, name: string): number | null {
  const value = reader.integer(name)
  return value === null ? null : value - FIRST_ID
}
