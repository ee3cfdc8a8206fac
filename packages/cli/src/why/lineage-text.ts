import { entryStopGuide, instant, timeframeMs, type AnyMessage } from '@flotilla/contracts'
import type {
  ClosedTrade,
  Decision,
  Fill,
  Json,
  Order,
  Position,
  Reservation,
} from '@flotilla/ledger'
import {
  symbolOf,
  type Answer,
  type EntryStop,
  type Lineage,
  type MarketStory,
  type OrderStory,
} from '@flotilla/lineage'
import type { Decimal } from '@flotilla/money'
import { wordsFor } from '../single/narrator.ts'
import { painter, table, type Paint } from '../terminal.ts'

/** The answer in lines for the terminal: one section for each step on the way. */
export function answerText(answer: Answer, colors: boolean): string {
  const paint = painter(colors)
  if (answer.kind === 'market') return marketLines(answer.story, paint).join('\n')
  const { lineages, order } = answer
  return lineages.flatMap((lineage) => lineageLines(lineage, order, paint)).join('\n')
}

function marketLines(story: MarketStory, paint: Paint): string[] {
  const { symbol, positions, entriesStopped, decisions, newest } = story
  const rows = decisions.map((decision) => [
    timeOf(decision.decidedAt),
    decision.side,
    decision.verdict,
    decision.intentId,
    reasonsOf(decision),
  ])
  return [
    ...section(paint, `${symbol} now`, [
      ...positions.flatMap(positionLines),
      ...(positions.length === 0 ? ['never held'] : []),
      ...entriesStopped.map((stop) => paint('yellow', `entries stopped: ${stopText(stop)}`)),
    ]),
    ...section(paint, 'newest decisions (flotilla why <intent> for each)', table(rows, 9)),
    ...(newest === null ? [] : lineageLines(newest, null, paint)),
  ]
}

function lineageLines(lineage: Lineage, asked: Order | null, paint: Paint): string[] {
  const { intentId, account, correlationId, decision, reservation, orders, position } = lineage
  const { waitsFor } = lineage
  return [
    paint('bold', `${symbolOf(lineage) ?? ''} intent ${intentId}`),
    ...(account === null ? [] : [`of account ${account}`]),
    ...(asked === null ? [] : [`asked about its order ${asked.clientOrderId}`]),
    `correlation ${correlationId ?? 'not known'}`,
    '',
    ...section(paint, 'candle and signal', candleLines(lineage)),
    ...section(paint, 'intent', intentLines(lineage)),
    ...section(paint, 'decision', decisionLines(decision, paint)),
    ...section(paint, 'reservation', reservationLines(reservation, decision)),
    ...section(
      paint,
      'entries are stopped now, and it is not over',
      waitsFor.map((stop) => paint('yellow', stopText(stop))),
    ),
    ...section(
      paint,
      'orders',
      orders.flatMap((story) => orderLines(story, paint)),
    ),
    ...section(paint, 'position now', position === null ? [] : positionLines(position)),
    ...section(paint, 'closed trade', lineage.trades.map(tradeText)),
    ...section(
      paint,
      'what was said',
      lineage.messages.map((message) => messageLine(message, paint)),
    ),
  ]
}

function section(paint: Paint, title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  return [paint('cyan', title), ...lines.map((line) => `  ${line}`), '']
}

function candleLines({ candle, proposed }: Lineage): string[] {
  if (proposed === null) return []
  const { chain, expectedPrice, expectedPriceAt } = proposed.payload
  const [first, ...others] = chain
  if (first === undefined) return ['none: the intent was made by hand']
  const interval =
    candle === null
      ? `the message ${first}`
      : `${candle.timeframe} candle ${timeOf(candle.openTime)} to ` +
        `${timeOf(candle.openTime + timeframeMs[candle.timeframe])} (${first})`
  return [
    `${interval}, price ${expectedPrice} at ${expectedPriceAt}`,
    ...others.map((id) => `signals ${id}`),
  ]
}

function intentLines({ proposed }: Lineage): string[] {
  if (proposed === null) return ['its message is not kept any more']
  const { occurredAt, payload: p } = proposed
  return [
    `${occurredAt} ${p.strategy} wishes to ${p.side} (${p.purpose}), confidence ${p.confidence}`,
    `because: ${p.reason}`,
    `stop ${p.stopLossPrice ?? 'none'}, take-profit ${p.takeProfitPrice ?? 'none'}, valid until ${p.expiresAt}`,
  ]
}

function decisionLines(decision: Decision | null, paint: Paint): string[] {
  if (decision === null) return ['none yet: the risk manager has not decided']
  const { verdict, decidedAt, checks, sizing } = decision
  const color = verdict === 'approved' ? 'green' : 'yellow'
  const reasons = reasonsOf(decision)
  const rows = checks.map(checkRow)
  return [
    `${timeOf(decidedAt)} ${paint(color, verdict)}${reasons === '' ? '' : `: ${reasons}`}`,
    ...(sizing === null ? [] : [`size: ${fieldsOf(sizing)}`]),
    ...table([['check', 'outcome', 'looked at'], ...rows], 9),
  ]
}

function checkRow(check: Json): string[] {
  const { check: name, outcome, inputs } = recordOf(check)
  return [textOf(name ?? null), textOf(outcome ?? null), fieldsOf(inputs ?? null)]
}

function reasonsOf({ reasons }: Decision): string {
  return reasons
    .map((reason) => {
      const { code, ...numbers } = recordOf(reason)
      const fields = fieldsOf(numbers)
      return fields === '' ? textOf(code ?? null) : `${textOf(code ?? null)} (${fields})`
    })
    .join('; ')
}

function reservationLines(reservation: Reservation | null, decision: Decision | null): string[] {
  if (reservation === null) return decision?.verdict === 'approved' ? ['not found'] : []
  const { amount, consumed, asset, state, endedAt, endReason, reservationId } = reservation
  const end = endedAt === null ? '' : `, ended ${timeOf(endedAt)}: ${endReason ?? ''}`
  const used = `${consumed.toString()} of ${amount.toString()} ${asset} used`
  return [`${state}, ${used}${end}`, reservationId]
}

function orderLines({ order, fills, stoppedBy }: OrderStory, paint: Paint): string[] {
  const { clientOrderId, leg, side, quantity, state, filledQuantity, reason } = order
  const filled = `filled ${filledQuantity.toString()}${averageOf(order)}`
  const why = reason === null ? '' : `, ${reason}`
  return [
    `${paint('bold', clientOrderId)} ${leg} ${side} ${quantity.toString()} ${formOf(order)}: ` +
      `${state}${why}, ${filled}`,
    `  stored ${timeOf(order.createdAt)}, sent ${timeOrNever(order.submittedAt)}, ` +
      `changed ${timeOf(order.updatedAt)}, at the venue ${order.venueOrderId ?? 'not known'}` +
      (order.listId === null ? '' : `, pair ${order.listId}`),
    ...stoppedBy.map(({ cause, reason, since }) => {
      const stop = stopText({ cause, reason, since, end: entryStopGuide[cause].end })
      return paint('yellow', `  not sent, entries were stopped: ${stop}`)
    }),
    ...fills.map((fill) => `  ${fillText(fill)}`),
  ]
}

/** Which one, since when, and what ends it. */
function stopText({ cause, reason, since, end }: Omit<EntryStop, 'account'>): string {
  const from = since === null ? '' : `, since ${timeOf(since)}`
  return `${reason} (${cause}${from}); ends when: ${end}`
}

function formOf({ type, price, stopPrice, timeInForce }: Order): string {
  const parts = [
    type,
    stopPrice === null ? null : `stop ${stopPrice.toString()}`,
    price === null ? null : `at ${price.toString()}`,
    timeInForce,
  ]
  return parts.filter((part) => part !== null).join(' ')
}

function tradeText(trade: ClosedTrade): string {
  const { openedAt, closedAt, quantity, exitReason, netProfit, fees, rMultiple } = trade
  const risked = rMultiple === null ? '' : `, ${rMultiple.toFixed(2)} R`
  return (
    `${timeOf(openedAt)} to ${timeOf(closedAt)}: ${quantity.toString()} out by ${exitReason}, ` +
    `net profit ${shortOf(netProfit)} after fees of ${shortOf(fees)}${risked}`
  )
}

function averageOf({ filledQuantity, quoteFilled }: Order): string {
  if (!filledQuantity.isPositive()) return ''
  return ` at ${shortOf(quoteFilled.dividedBy(filledQuantity, 12, 'half-up'))} on average`
}

function fillText({ filledAt, quantity, price, fee, feeAsset, tradeId }: Fill): string {
  return (
    `${timeOf(filledAt)} fill ${quantity.toString()} at ${price.toString()}, ` +
    `fee ${fee.toString()} ${feeAsset} (trade ${tradeId})`
  )
}

function positionLines(position: Position): string[] {
  const { account, venue, quantity, averageEntryPrice, realisedProfit, protection } = position
  const entry = averageEntryPrice === null ? '' : ` at ${shortOf(averageEntryPrice)}`
  return [
    `account ${account} at ${venue}: ${quantity.toString()}${entry}, ` +
      `realised ${shortOf(realisedProfit)} since the account was opened`,
    ...(protection === null || protection.state === 'none' ? [] : [protectionText(protection)]),
  ]
}

function protectionText(protection: NonNullable<Position['protection']>): string {
  const { state, since, reason, quantity, stop, takeProfit } = protection
  const why = reason === null ? '' : ` (${reason})`
  const prices = `stop ${stop?.toString() ?? 'none'}, take-profit ${takeProfit?.toString() ?? 'none'}`
  return `${state}${why} since ${timeOf(since)}, ${quantity.toString()} covered, ${prices}`
}

function messageLine(message: AnyMessage, paint: Paint): string {
  const { occurredAt, source, type, payload } = message
  const order = 'clientOrderId' in payload ? ` [${payload.clientOrderId}]` : ''
  // Events that the running fleet's terminal does not tell, because another line says the same.
  const event = type.split('.').slice(1, -1).join(' ')
  const code = 'code' in payload ? `: ${payload.code}, ${payload.reason}` : ''
  const words = wordsFor(message, paint) ?? `${event}${code}`
  return `${paint('gray', occurredAt)} ${source.padEnd(13)} ${words}${paint('gray', order)}`
}

function recordOf(value: Json): { readonly [key: string]: Json } {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? (value as { readonly [key: string]: Json }) : {}
}

function fieldsOf(value: Json): string {
  return Object.entries(recordOf(value))
    .map(([name, field]) => `${name} ${textOf(field)}`)
    .join(', ')
}

function textOf(value: Json): string {
  if (typeof value === 'string') return value
  return value === null ? '-' : JSON.stringify(value)
}

function shortOf(value: Decimal): string {
  return value.round(8, 'half-up').toString()
}

function timeOf(at: number): string {
  return instant(at)
}

function timeOrNever(at: number | null): string {
  return at === null ? 'never' : timeOf(at)
}
