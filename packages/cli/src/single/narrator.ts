import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { painter } from '../terminal.ts'
import type { Paint } from '../terminal.ts'

/**
 * Tells what the fleet does, one line per event, in the words of a trader: prices and signals as they
 * come (at most one line a second, for candles are many), every decision, order, fill and position.
 */
export type Narrator = {
  hear(message: AnyMessage): void
}

export type NarratorOptions = {
  readonly print: (line: string) => void
  readonly colors: boolean
  /** Real milliseconds. */
  readonly now: () => number
  /** With all of them on it a line of prices is complete. */
  readonly symbols: readonly string[]
  /** What is said of other accounts names them. */
  readonly account?: string
}

/** A little under a second: at sixty times the speed of life every candle is told. */
const marketLineMs = 900

export function createNarrator(options: NarratorOptions): Narrator {
  const paint = painter(options.colors)
  const prices = createDigest('closed', options, paint)
  const scores = createDigest('signal', options, paint)
  return {
    hear(message) {
      if (message.type === 'market.candle.closed.v1') {
        const { symbol, close, closeTime, origin } = message.payload
        if (origin === 'live') prices({ message, moment: closeTime, symbol, value: close })
      } else if (message.type === 'analysis.signals.computed.v1') {
        const { symbol, score, candleCloseTime, origin } = message.payload
        if (origin !== 'live' || score === null) return
        scores({ message, moment: candleCloseTime, symbol, value: signed(score) })
      } else {
        const words = wordsFor(message, paint)
        const { account = options.account } = message
        const whose = account === options.account ? '' : `[${account}] `
        if (words !== null) options.print(line(message, `${whose}${words}`, paint))
      }
    },
  }
}

type Reading = {
  readonly message: AnyMessage
  /** The close of the candle: readings of one moment share a line. */
  readonly moment: string
  readonly symbol: string
  readonly value: string
}

/** The values of all symbols at one moment on one line; moments that come too fast are left out. */
function createDigest(
  title: string,
  options: NarratorOptions,
  paint: Paint,
): (reading: Reading) => void {
  const values = new Map<string, string>()
  let last: Reading | null = null
  let printedAt = Number.NEGATIVE_INFINITY
  const flush = (): void => {
    if (last !== null && values.size > 0 && options.now() - printedAt >= marketLineMs) {
      const list = [...values].map(([symbol, value]) => `${symbol} ${value}`)
      options.print(line(last.message, paint('gray', `${title} ${list.join('  ')}`), paint))
      printedAt = options.now()
    }
    values.clear()
  }
  return (reading) => {
    if (last !== null && reading.moment !== last.moment) flush()
    last = reading
    values.set(reading.symbol, reading.value)
    if (values.size === options.symbols.length) flush()
  }
}

function line(message: AnyMessage, words: string, paint: Paint): string {
  const time = message.occurredAt.slice(11, 19)
  return `${paint('gray', time)} ${paint('cyan', message.source.padEnd(18))} ${words}`
}

function signed(score: number): string {
  return `${score > 0 ? '+' : ''}${score.toFixed(0)}`
}

type Words<Type extends AnyMessage['type']> = (
  message: MessageOfType<Type>,
  paint: Paint,
) => string | null

/** Null where the event is not worth a line: another line says the same. */
const phrases: { readonly [Type in AnyMessage['type']]?: Words<Type> } = {
  'strategy.intent.proposed.v1': ({ payload: p }) =>
    `${p.symbol} wishes to ${p.side} (${p.purpose}, ${p.strategy}, confidence ${p.confidence}): ${p.reason}`,
  'risk.intent.approved.v1': ({ payload: p }, paint) =>
    `${p.symbol} ${paint('green', `${p.side} approved`)} ${p.quantity}` +
    `${p.limitPrice === null ? '' : ` up to ${p.limitPrice}`}, reserved ${p.reservation.amount} ` +
    `${p.reservation.asset} (${[p.sizing.method, ...p.sizing.adjustments].join(', ')})`,
  'risk.intent.denied.v1': ({ payload: p }, paint) =>
    `${p.symbol} ${paint('yellow', `${p.side} denied`)}: ${p.reasons.map(reasonText).join('; ')}`,
  'execution.order.submitted.v1': ({ payload: p }) =>
    `${p.symbol} order sent: ${p.leg} ${p.side} ${p.quantity} ${priceText(p)}`,
  'execution.order.rejected.v1': ({ payload: p }, paint) =>
    `${p.symbol} ${paint('red', 'order rejected')}: ${p.leg} ${p.code}, ${p.reason}`,
  'execution.order.partially-filled.v1': ({ payload: p }, paint) => fillText(p, 'part fill', paint),
  'execution.order.filled.v1': ({ payload: p }, paint) => fillText(p, 'filled', paint),
  'execution.order.expired.v1': ({ payload: p }) =>
    // The venue's own word for an end is its code; what we ended ourselves has a reason of its own.
    p.venueOrderId === null
      ? `${p.symbol} order not sent: ${p.leg} ${p.code}, ${p.reason}`
      : `${p.symbol} order ended: ${p.leg} ${p.code}, filled ${p.filledQuantity} of ${p.quantity}`,
  'execution.order.unknown.v1': ({ payload: p }, paint) =>
    `${p.symbol} ${paint('yellow', 'order outcome unknown')}, asking the venue: ${p.reason}`,
  'execution.position.changed.v1': ({ payload: p }) => positionText(p),
  'execution.protection.failed.v1': ({ payload: p }, paint) =>
    `${p.symbol} ${paint('red', 'protection failed')}: ${p.leg}, ${p.reason}; ${p.action}`,
  'execution.entries.changed.v1': ({ payload: p }, paint) =>
    paint(
      p.allowed ? 'green' : 'red',
      `entries ${p.allowed ? 'go on' : 'stopped'} for ${p.symbol ?? p.asset ?? 'all symbols'}: ${p.reason}`,
    ),
  'risk.regime.changed.v1': ({ payload: p }, paint) =>
    paint('yellow', `regime ${p.from} -> ${p.to}, drawdown ${p.drawdownPercent} %: ${p.reason}`),
  'risk.trading-state.changed.v1': ({ payload: p }, paint) =>
    paint(
      'yellow',
      `trading ${p.state}${p.symbol === null ? '' : ` for ${p.symbol}`}: ${p.reason}`,
    ),
  'market.source.state-changed.v1': ({ payload: p }, paint) =>
    paint(p.state === 'healthy' ? 'green' : 'yellow', `source ${p.source} ${p.state}: ${p.reason}`),
}

/** One event in the words of a trader; null where another line says the same. */
export function wordsFor(message: AnyMessage, paint: Paint): string | null {
  const phrase = phrases[message.type] as Words<AnyMessage['type']> | undefined
  return phrase?.(message, paint) ?? null
}

type Denial = MessageOfType<'risk.intent.denied.v1'>['payload']['reasons'][number]

function reasonText(reason: Denial): string {
  const { code, ...numbers } = reason
  const list = Object.entries(numbers).map(([name, value]) => `${name} ${String(value)}`)
  return list.length === 0 ? code : `${code} (${list.join(', ')})`
}

type Filled = MessageOfType<'execution.order.filled.v1'>['payload']

function fillText(order: Filled, word: string, paint: Paint): string {
  const { fill, side, leg, symbol } = order
  const bold = paint(side === 'buy' ? 'green' : 'magenta', `${side} ${word}`)
  return `${symbol} ${bold}: ${leg} ${fill.quantity} at ${fill.price}, fee ${fill.fee} ${fill.feeAsset}`
}

function priceText(order: {
  price: string | null
  stopPrice: string | null
  orderType: string
}): string {
  const stop = order.stopPrice === null ? '' : ` stop ${order.stopPrice}`
  return `${order.orderType}${stop}${order.price === null ? '' : ` at ${order.price}`}`
}

type Position = MessageOfType<'execution.position.changed.v1'>['payload']

function positionText(position: Position): string {
  const { symbol, protection, averageEntryPrice } = position
  const profit = `realised ${position.realisedProfit}`
  if (Decimal.from(position.quantity).isZero()) return `${symbol} position closed, ${profit}`
  const entry = averageEntryPrice === null ? '' : ` at ${averageEntryPrice}`
  return `${symbol} position ${position.quantity}${entry}, ${protectionText(protection)}, ${profit}`
}

function protectionText(protection: Position['protection']): string {
  const { state, stopPrice, takeProfitPrice } = protection
  if (state !== 'protected') return state
  const target = takeProfitPrice === null ? '' : `, take-profit ${takeProfitPrice}`
  return `stop ${stopPrice ?? 'none'}${target}`
}
