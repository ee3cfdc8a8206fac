import { describe, expect, test } from 'vitest'
import { symbols } from '../testing.ts'
import { alertRequest, canonicalSymbol, executeRequest } from './index.ts'
import type { Requested } from './index.ts'

const understood = (requested: Requested) => {
  if (requested.kind === 'refused') throw new Error(JSON.stringify(requested.problems))
  return requested.request
}
const problems = (requested: Requested) =>
  requested.kind === 'refused' ? requested.problems : 'understood'

const saying = (text: string): unknown => expect.stringContaining(text)

describe('a symbol is found however it is written', () => {
  test.each([
    ['BTC/USDT', 'BTC/USDT'],
    ['BTCUSDT', 'BTC/USDT'],
    ['btc-usdt', 'BTC/USDT'],
    ['BINANCE:BTCUSDT', 'BTC/USDT'],
    [' eth_usdt ', 'ETH/USDT'],
    ['BTCUSDT.P', null],
    ['DOGE/USDT', null],
    ['', null],
  ])('%s is %s', (text, symbol) => {
    expect(canonicalSymbol(text, symbols)).toBe(symbol)
  })

  test('a text that fits two symbols fits none', () => {
    expect(canonicalSymbol('ABCD', ['AB/CD', 'ABC/D'])).toBeNull()
    expect(canonicalSymbol('ABC/D', ['AB/CD', 'ABC/D'])).toBeNull()
  })
})

describe('POST /api/v1/trading/execute', () => {
  test('three fields are enough', () => {
    const body = { symbol: 'BTC/USDT', action: 'BUY', confidence: 82.5 }
    expect(understood(executeRequest(body, symbols))).toEqual({
      strategy: 'manual',
      symbol: 'BTC/USDT',
      side: 'buy',
      confidence: 82.5,
      reason: 'asked for by hand',
      price: null,
      stopLossPrice: null,
      takeProfitPrice: null,
      sentAt: null,
      id: null,
    })
  })

  test('a sale has nothing to protect', () => {
    const body = { symbol: 'BTCUSDT', action: 'sell', stopLossPrice: '1', takeProfitPrice: 2 }
    expect(understood(executeRequest(body, symbols))).toMatchObject({
      side: 'sell',
      stopLossPrice: null,
      takeProfitPrice: null,
    })
  })

  test.each<[string, unknown, readonly object[]]>([
    ['no object', 'buy BTC', [{ field: 'body', message: saying('JSON object') }]],
    ['no action', { symbol: 'BTC/USDT' }, [{ field: 'action', value: null }]],
    [
      'a short sale',
      { symbol: 'BTC/USDT', action: 'short' },
      [{ field: 'action', value: 'short', message: saying('never goes short') }],
    ],
    [
      'a confidence above 100',
      { symbol: 'BTC/USDT', action: 'buy', confidence: 100.1 },
      [{ field: 'confidence', value: 100.1, message: 'must be a number from 0 to 100' }],
    ],
    [
      'a price of nothing',
      { symbol: 'BTC/USDT', action: 'buy', stopLossPrice: '0' },
      [{ field: 'stopLossPrice', value: '0', message: saying('above 0') }],
    ],
    [
      'a field nobody knows',
      { symbol: 'BTC/USDT', action: 'buy', amount: 3 },
      [{ field: 'amount', value: 3, message: saying('not known') }],
    ],
    [
      'a symbol that is not traded',
      { symbol: 'DOGE/USDT', action: 'buy' },
      [{ field: 'symbol', value: 'DOGE/USDT', message: saying('BTC/USDT, ETH') }],
    ],
    [
      'two faults at once',
      { symbol: '', action: 'hold' },
      [
        { field: 'symbol', value: '' },
        { field: 'action', value: 'hold' },
      ],
    ],
  ])('%s is refused by field, value and fix', (_name, body, expected) => {
    expect(problems(executeRequest(body, symbols))).toMatchObject(expected)
  })
})

describe('an alert of a charting service', () => {
  test('is understood as the service fills it in', () => {
    const body = {
      token: 'checked before',
      ticker: 'BTCUSDT',
      action: 'buy',
      price: 50_000.5,
      confidence: '65',
      strategy: 'golden-cross',
      time: '2026-01-05T00:00:00Z',
    }
    expect(understood(alertRequest(body, symbols))).toMatchObject({
      strategy: 'webhook-golden-cross',
      symbol: 'BTC/USDT',
      side: 'buy',
      confidence: 65,
      price: '50000.5',
      sentAt: Date.UTC(2026, 0, 5),
    })
  })

  test.each(['close', 'EXIT', 'flat', 'sell'])('%s is a sale', (action) => {
    expect(understood(alertRequest({ ticker: 'BTCUSDT', action }, symbols)).side).toBe('sell')
  })

  test('never takes the name of a strategy of the fleet', () => {
    const body = { ticker: 'BTCUSDT', action: 'buy' }
    expect(understood(alertRequest(body, symbols)).strategy).toBe('webhook')
    expect(understood(alertRequest({ ...body, strategy: 'manual' }, symbols)).strategy).toBe(
      'webhook-manual',
    )
  })

  test.each<[string, object, object]>([
    ['no symbol at all', { action: 'buy' }, { field: 'ticker' }],
    ['two symbols', { action: 'buy', ticker: 'BTCUSDT', symbol: 'BTC/USDT' }, { field: 'ticker' }],
    ['a time in words', { action: 'buy', ticker: 'BTCUSDT', time: 'now' }, { field: 'time' }],
    [
      'a placeholder that was not filled in',
      { action: '{{strategy.order.action}}', ticker: 'BTCUSDT' },
      { field: 'action', value: '{{strategy.order.action}}' },
    ],
  ])('%s is refused', (_name, body, problem) => {
    expect(problems(alertRequest(body, symbols))).toMatchObject([problem])
  })
})
