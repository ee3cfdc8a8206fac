// The table of what can come back for a write, and which of the three outcomes each of them is.
import { Decimal } from '@flotilla/money'
import { afterEach, describe, expect, it } from 'vitest'

import type { RejectionCode } from '../errors.ts'
import type { OrderRequest } from '../port.ts'
import type { ScriptedAnswer } from '../wire-test/scripted-server.ts'
import {
  apiKey,
  openWireVenue,
  orderAnswer,
  patienceFor,
  secret,
  type WireVenue,
} from '../wire-test/wire-venue.ts'

const request: OrderRequest = {
  clientOrderId: 'fl-1',
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'limit',
  quantity: Decimal.from('0.01'),
  limitPrice: Decimal.from('50000'),
  timeInForce: 'ioc',
}
const html = '<html><body>Bad gateway</body></html>'

function refusal(code: number, msg: string, status = 400): ScriptedAnswer {
  return { status, json: { code, msg } }
}

const table: readonly (readonly [string, ScriptedAnswer, RejectionCode | 'unknown'])[] = [
  ['a connection that is cut', { fault: 'reset' }, 'unknown'],
  ['no answer', { fault: 'hang' }, 'unknown'],
  ['an answer that stops half way', { fault: 'stall' }, 'unknown'],
  ['504 with html', { status: 504, text: html }, 'unknown'],
  ['500 with html', { status: 500, text: html }, 'unknown'],
  ['502 with html', { status: 502, text: html }, 'unknown'],
  ['503 with html', { status: 503, text: html }, 'unknown'],
  ['404 with html', { status: 404, text: html }, 'unknown'],
  ['400 with html', { status: 400, text: html }, 'unknown'],
  ['400 with an empty body', { status: 400, text: '' }, 'unknown'],
  ['200 with an empty body', { text: '' }, 'unknown'],
  ['200 with truncated JSON', { text: '{"symbol":"BTCUSDT","orderId":2' }, 'unknown'],
  ['200 with html', { text: html }, 'unknown'],
  ['200 with JSON that is no order', { json: {} }, 'unknown'],
  ['200 with another order', { json: orderAnswer({ clientOrderId: 'other' }) }, 'unknown'],
  ['200 with an unknown status', { json: orderAnswer({ status: 'SURPRISE' }) }, 'unknown'],
  ['-1000', refusal(-1000, 'An unknown error occurred.'), 'unknown'],
  ['-1001', refusal(-1001, 'Internal error; unable to process your request.'), 'unknown'],
  ['-1006', refusal(-1006, 'An unexpected response was received.'), 'unknown'],
  ['-1007', refusal(-1007, 'Timeout waiting for response from backend server.', 408), 'unknown'],
  ['-1008', refusal(-1008, 'Server is currently overloaded.', 503), 'unknown'],
  ['-2021', refusal(-2021, 'Order cancel-replace partially failed.', 409), 'unknown'],
  ['an unknown code with a 5xx status', refusal(-9999, 'Surprise.', 500), 'unknown'],
  ['an unknown code with a 4xx status', refusal(-9999, 'Surprise.'), 'rejected_by_venue'],
  ['422 with words', { status: 422, json: { message: 'asset "FOO" not found' } }, 'unknown_symbol'],
  ['422 without words', { status: 422, json: {} }, 'unknown'],
  ['403 from a firewall', { status: 403, text: html }, 'blocked'],
  ['429', { status: 429, text: '' }, 'throttled'],
  ['-1003', refusal(-1003, 'Too much request weight used.', 429), 'throttled'],
  ['-1015', refusal(-1015, 'Too many new orders.', 429), 'throttled'],
  ['418', refusal(-1003, 'Way too much request weight used; IP banned.', 418), 'banned'],
  [
    '-1021',
    refusal(-1021, 'Timestamp for this request is outside of the recvWindow.'),
    'clock_skew',
  ],
  ['-1022', refusal(-1022, 'Signature for this request is not valid.'), 'unauthorized'],
  ['-2014', refusal(-2014, 'API-key format invalid.', 401), 'unauthorized'],
  ['-2015', refusal(-2015, 'Invalid API-key, IP, or permissions.', 401), 'unauthorized'],
  ['a lot size filter', refusal(-1013, 'Filter failure: LOT_SIZE'), 'rule_broken'],
  ['a price filter', refusal(-1013, 'Filter failure: PRICE_FILTER'), 'rule_broken'],
  ['a notional filter', refusal(-1013, 'Filter failure: NOTIONAL'), 'rule_broken'],
  ['a closed market', refusal(-1013, 'Market is closed.'), 'market_closed'],
  ['-1102', refusal(-1102, "Mandatory parameter 'price' was not sent."), 'invalid_request'],
  ['-1104', refusal(-1104, 'Not all sent parameters were read.'), 'invalid_request'],
  ['-1111', refusal(-1111, "Parameter 'quantity' has too much precision."), 'invalid_request'],
  ['-1121', refusal(-1121, 'Invalid symbol.'), 'unknown_symbol'],
  [
    'too little money',
    refusal(-2010, 'Account has insufficient balance for requested action.'),
    'insufficient_balance',
  ],
  ['a duplicate', refusal(-2010, 'Duplicate order sent.'), 'duplicate_client_order_id'],
  [
    'a maker that would take',
    refusal(-2010, 'Order would immediately match and take.'),
    'would_match_immediately',
  ],
  [
    'a stop already passed',
    refusal(-2010, 'Stop price would trigger immediately.'),
    'would_trigger_immediately',
  ],
  [
    'prices of an OCO in the wrong order',
    refusal(-2010, 'The relationship of the prices for the orders is not correct.'),
    'price_relation',
  ],
  ['-2011', refusal(-2011, 'Unknown order sent.'), 'order_not_found'],
]

describe('outcomes of writes', () => {
  const open: WireVenue[] = []

  async function venueThatAnswers(answer: ScriptedAnswer): Promise<WireVenue> {
    const wire = await openWireVenue(patienceFor(answer))
    open.push(wire)
    wire.server.on('POST /api/v3/order', answer)
    await wire.venue.fetchRules(['BTC/USDT'])
    return wire
  }
  afterEach(async () => {
    for (const { venue, server } of open.splice(0)) {
      await venue.close()
      await server.close()
    }
  })

  it.each(table)(
    'takes %s for what it is, and sends the order once',
    async (_title, answer, expected) => {
      const { venue, server } = await venueThatAnswers(answer)
      const outcome = await venue.placeOrder(request)
      expect(outcome.kind === 'rejected' ? outcome.code : outcome.kind).toBe(expected)
      // Only a refusal for its time stamp is proof enough that sending again is safe.
      expect(server.sent('POST /api/v3/order')).toHaveLength(expected === 'clock_skew' ? 2 : 1)
      expect(JSON.stringify(outcome)).not.toContain(secret)
      expect(JSON.stringify(outcome)).not.toContain(apiKey)
      expect(JSON.stringify(outcome)).not.toContain('signature=')
    },
  )

  it('says which rule the venue found broken, with value and limit', async () => {
    const { venue } = await venueThatAnswers(refusal(-1013, 'Filter failure: NOTIONAL'))
    expect(await venue.placeOrder(request)).toMatchObject({
      code: 'rule_broken',
      venueCode: '-1013',
      rule: { name: 'notional', value: '500', limit: '5 to 9000000' },
    })
  })

  it('names both forms of a symbol that the venue suddenly does not know', async () => {
    const { venue } = await venueThatAnswers(refusal(-1121, 'Invalid symbol.'))
    expect(await venue.placeOrder(request)).toMatchObject({
      code: 'unknown_symbol',
      reason: 'the venue does not know BTC/USDT (in its form BTCUSDT): Invalid symbol.',
    })
  })

  it('asks for the rules anew after the venue refused what they allowed', async () => {
    const { venue, server } = await venueThatAnswers(refusal(-1013, 'Filter failure: LOT_SIZE'))
    await venue.placeOrder(request)
    const before = server.sent('GET /api/v3/exchangeInfo').length
    await venue.placeOrder(request)
    expect(server.sent('GET /api/v3/exchangeInfo')).toHaveLength(before + 1)
  })

  it('measures the clock and stamps the order anew when the venue refuses its time', async () => {
    const { venue, server } = await venueThatAnswers({ json: {} })
    const venueTime = Date.UTC(2024, 7, 5, 13)
    server.on('GET /api/v3/time', { json: { serverTime: venueTime } })
    server.on('POST /api/v3/order', (sent) =>
      sent.parameters['timestamp'] === String(venueTime)
        ? { json: orderAnswer() }
        : refusal(-1021, 'Timestamp for this request is outside of the recvWindow.'),
    )
    expect((await venue.placeOrder(request)).kind).toBe('accepted')
    expect(server.sent('POST /api/v3/order')).toHaveLength(2)
  })

  it('leaves the venue alone for as long as it asked to be', async () => {
    const { venue, server } = await venueThatAnswers({
      status: 429,
      json: { code: -1003, msg: 'Too much request weight used.' },
      headers: { 'Retry-After': '30' },
    })
    expect(await venue.placeOrder(request)).toMatchObject({
      code: 'throttled',
      retryAfterMs: 30_000,
    })
    const sent = server.requests.length
    expect(await venue.placeOrder(request)).toMatchObject({ kind: 'rejected', code: 'throttled' })
    await expect(venue.fetchTicker('BTC/USDT')).rejects.toMatchObject({ code: 'throttled' })
    expect(server.requests).toHaveLength(sent)
  })

  it('goes on asking when only new orders are too many', async () => {
    const { venue, server } = await venueThatAnswers(refusal(-1015, 'Too many new orders.', 429))
    server.on('GET /api/v3/openOrders', { json: [] })
    await venue.placeOrder(request)
    expect(await venue.fetchOpenOrders('BTC/USDT')).toEqual([])
  })

  it('does not send what it could not prepare, and says so', async () => {
    const wire = await openWireVenue()
    open.push(wire)
    wire.server.on('GET /api/v3/exchangeInfo', { status: 503, text: html })
    expect(await wire.venue.placeOrder(request)).toMatchObject({
      kind: 'rejected',
      code: 'not_sent',
      retryAfterMs: 1_000,
    })
    expect(wire.server.sent('POST /api/v3/order')).toEqual([])
  })
})
