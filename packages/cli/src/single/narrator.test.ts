import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseMessage } from '@flotilla/contracts'
import type { AnyMessage, MessageType } from '@flotilla/contracts'
import { describe, expect, test } from 'vitest'
import { createNarrator } from './narrator.ts'
import { createTally } from './tally.ts'

const goldenFolder = join(import.meta.dirname, '../../../contracts/src/golden')

function golden(type: MessageType): AnyMessage {
  return parseMessage(JSON.parse(readFileSync(join(goldenFolder, `${type}.json`), 'utf8')))
}

function tell(...messages: AnyMessage[]): string[] {
  const lines: string[] = []
  let now = 0
  const narrator = createNarrator({
    print: (line) => lines.push(line),
    colors: false,
    now: () => (now += 10_000),
    symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'],
  })
  for (const message of messages) narrator.hear(message)
  return lines
}

/** What a line must show of the fact it tells. */
const shown: { readonly [Type in MessageType]?: readonly string[] } = {
  'strategy.intent.proposed.v1': ['symbol', 'side', 'strategy', 'confidence', 'reason'],
  'risk.intent.approved.v1': ['symbol', 'side', 'quantity'],
  'risk.intent.denied.v1': ['symbol', 'side'],
  'execution.order.submitted.v1': ['symbol', 'side', 'quantity'],
  'execution.order.rejected.v1': ['symbol', 'code', 'reason'],
  'execution.order.filled.v1': ['symbol', 'side'],
  'execution.order.partially-filled.v1': ['symbol', 'side'],
  'execution.order.expired.v1': ['symbol', 'code'],
  'execution.order.unknown.v1': ['symbol', 'reason'],
  'execution.position.changed.v1': ['symbol', 'quantity', 'averageEntryPrice', 'realisedProfit'],
  'execution.protection.failed.v1': ['symbol', 'leg', 'reason', 'action'],
  'risk.regime.changed.v1': ['from', 'to', 'reason'],
  'risk.trading-state.changed.v1': ['state', 'reason'],
  'market.source.state-changed.v1': ['source', 'state', 'reason'],
}

describe('an event is one line that names its source and its facts', () => {
  test.each(Object.entries(shown))('%s', (type, fields) => {
    const message = golden(type as MessageType)
    const lines = tell(message)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(message.source)
    const payload = message.payload as Record<string, unknown>
    for (const field of fields) expect(lines[0]).toContain(String(payload[field]))
  })

  test('an order that was not sent says why, in its own words', () => {
    const message = golden('execution.order.expired.v1')
    if (message.type !== 'execution.order.expired.v1') throw new Error('another message')
    const payload = { ...message.payload, venueOrderId: null, reason: 'no entries now: silence' }
    const [line] = tell({ ...message, payload })
    expect(line).toContain('order not sent')
    expect(line).toContain(`${payload.code}, no entries now: silence`)
  })

  test('a denial names each reason with its numbers', () => {
    const message = golden('risk.intent.denied.v1')
    if (message.type !== 'risk.intent.denied.v1') throw new Error('another message')
    const [line] = tell(message)
    for (const reason of message.payload.reasons) {
      for (const value of Object.values(reason)) expect(line).toContain(String(value))
    }
  })

  test('a protected position shows its stop and take-profit', () => {
    const message = golden('execution.position.changed.v1')
    if (message.type !== 'execution.position.changed.v1') throw new Error('another message')
    const { protection } = message.payload
    const [line] = tell({
      ...message,
      payload: { ...message.payload, protection: { ...protection, state: 'protected' } },
    })
    expect(line).toContain(`stop ${String(protection.stopPrice)}`)
    expect(line).toContain(`take-profit ${String(protection.takeProfitPrice)}`)
  })

  test('a flat position is told as closed', () => {
    const message = golden('execution.position.changed.v1')
    if (message.type !== 'execution.position.changed.v1') throw new Error('another message')
    const [line] = tell({ ...message, payload: { ...message.payload, quantity: '0' } })
    expect(line).toContain('position closed')
  })
})

test('no event of the catalogue upsets the narrator', () => {
  const types = readdirSync(goldenFolder).map((file) => file.replace(/\.json$/, ''))
  expect(types.length).toBeGreaterThan(20)
  expect(() => tell(...types.map((type) => golden(type as MessageType)))).not.toThrow()
})

describe('candles of one moment are one line', () => {
  const base = golden('market.candle.closed.v1')
  if (base.type !== 'market.candle.closed.v1') throw new Error('another message')
  const candle = (symbol: string, close: string, minute: string): AnyMessage => {
    const closeTime = `2026-01-05T00:${minute}:00.000Z`
    const payload = { ...base.payload, origin: 'live' as const, symbol, close, closeTime }
    return { ...base, occurredAt: closeTime, payload }
  }

  test('told when the next moment begins', () => {
    const first = [candle('BTC/USDT', '61000', '01'), candle('ETH/USDT', '2400', '01')]
    expect(tell(...first, candle('BTC/USDT', '61001', '02'))).toEqual([
      '00:01:00 data-collection    closed BTC/USDT 61000  ETH/USDT 2400',
    ])
  })

  test('told at once when every symbol is there', () => {
    const all = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'].map((symbol) => candle(symbol, '5', '01'))
    expect(tell(...all)).toEqual([
      '00:01:00 data-collection    closed BTC/USDT 5  ETH/USDT 5  SOL/USDT 5',
    ])
  })
})

test('history that is filled in is not told candle by candle', () => {
  const base = golden('market.candle.closed.v1')
  if (base.type !== 'market.candle.closed.v1') throw new Error('another message')
  const old = (minute: string): AnyMessage => ({
    ...base,
    occurredAt: `2026-01-05T00:${minute}:00.000Z`,
    payload: { ...base.payload, origin: 'backfill' },
  })
  expect(tell(old('01'), old('02'), old('03'))).toEqual([])
})

test('the tally counts events, reasons of denials and knows the newest price', () => {
  const tally = createTally()
  const denied = golden('risk.intent.denied.v1')
  const candle = golden('market.candle.closed.v1')
  if (candle.type !== 'market.candle.closed.v1') throw new Error('another message')
  if (denied.type !== 'risk.intent.denied.v1') throw new Error('another message')
  for (const message of [denied, denied, candle]) tally.hear(message)
  expect(tally.count('risk.intent.denied.v1')).toBe(2)
  expect(tally.count('risk.intent.approved.v1')).toBe(0)
  const { code } = denied.payload.reasons[0]!
  expect(tally.denials.get(code)).toBe(2)
  expect(tally.priceOf(candle.payload.symbol)?.toString()).toBe(candle.payload.close)
  expect(tally.priceOf('NONE/USDT')).toBeNull()
})
