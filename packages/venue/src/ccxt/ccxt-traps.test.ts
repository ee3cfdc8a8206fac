// Traps of ccxt, as its real classes fall into them: recorded at its own `fetch`, one layer above the socket.
// Each is the reason for a rule of the adapters; when ccxt changes, this says so.
import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import type { OrderRequest } from '../port.ts'
import { allowedParameters, venueKinds, venueRows, type VenueKind } from '../venue-rows.ts'
import { orderCall } from './exchange-requests.ts'
import { loadExchange, type CcxtExchange, type HttpRequest } from './load-binance.ts'
import { orderParameters } from './wire-requests.ts'

type Fetch = CcxtExchange['fetch']
type Recorded = { readonly exchange: CcxtExchange; readonly requests: HttpRequest[] }

const symbols: Readonly<Record<VenueKind, string>> = {
  binance: 'BTC/USDT',
  coinbase: 'BTC/USD',
  mexc: 'BTC/USDT',
  alpaca: 'BTC/USD',
}

/** The class of a venue with one market, whose requests end here. */
async function recorded(kind: VenueKind, config: object = {}): Promise<Recorded> {
  const Exchange = await loadExchange(kind)
  const exchange = new Exchange({ apiKey: 'key', secret: 'secret', ...config })
  const symbol = symbols[kind]
  const [base = '', quote = ''] = symbol.split('/')
  const id = symbol.replace('/', venueRows[kind].symbolSeparator)
  const names = { id, symbol, base, quote, baseId: base, quoteId: quote }
  const tick = kind === 'alpaca' ? 1 : 0.01
  const kinds = { type: 'spot', spot: true, active: true, margin: false, contract: false }
  const orderTypes = ['LIMIT', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'LIMIT_MAKER']
  const limits = { amount: {}, price: {}, cost: {} }
  const precision = { amount: 0.00001, price: tick }
  const market = { ...names, ...kinds, precision, limits, info: { orderTypes } }
  await call(exchange, 'setMarkets', [market])
  const requests: HttpRequest[] = []
  exchange.fetch = async (...request: HttpRequest) => {
    requests.push(request)
    return { success: true, orderId: '1', order_id: '1', id: '1', success_response: {} }
  }
  return { exchange, requests }
}

async function call(exchange: CcxtExchange, method: string, ...given: unknown[]): Promise<unknown> {
  const found = Reflect.get(exchange, method) as (...all: unknown[]) => unknown
  return Reflect.apply(found, exchange, given)
}

/** Query, form and JSON body of the last request together, as text by name. */
function sent({ requests }: Recorded): Record<string, unknown> {
  const [url, , , body] = requests.at(-1) ?? ['http://none', '']
  const text = typeof body === 'string' ? body : ''
  const json = text.startsWith('{') ? (JSON.parse(text) as object) : {}
  const form = text.startsWith('{') ? '' : text
  const query = [...new URL(url).searchParams, ...new URLSearchParams(form)]
  return { ...Object.fromEntries(query), ...json }
}

/** Sends a sale with a limit of 44900 and a stop, as a careless caller would. */
async function saleWith(kind: VenueKind, extra: object): Promise<Record<string, unknown>> {
  const scene = await recorded(kind)
  await call(scene.exchange, 'createOrder', symbols[kind], 'limit', 'sell', 0.01, 44_900, extra)
  return sent(scene)
}

describe('ccxt itself', () => {
  it.each<VenueKind>(['mexc', 'alpaca'])(
    'sends a stop to %s as a plain sale with a field that nobody reads',
    async (kind) => {
      const order = await saleWith(kind, { stopLossPrice: 45_000 })
      expect(String(order['type']).toLowerCase()).toBe('limit')
      expect(order['stopLossPrice']).toBeDefined()
    },
  )

  it('sends an attached stop to Binance as a plain sale with a field that nobody reads', async () => {
    const order = await saleWith('binance', { stopLoss: { triggerPrice: 45_000 } })
    expect(order['type']).toBe('LIMIT')
    expect(Object.keys(order)).toContain('stopLoss[triggerPrice]')
  })

  it('turns a trigger of a sale at Coinbase into a take-profit', async () => {
    const order = await saleWith('coinbase', { triggerPrice: 45_000 })
    expect(JSON.stringify(order)).toContain('STOP_DIRECTION_STOP_UP')
    const stop = await saleWith('coinbase', { stopLossPrice: 45_000 })
    expect(JSON.stringify(stop)).toContain('STOP_DIRECTION_STOP_DOWN')
  })

  it('drops our name of an order at Coinbase, and takes only the raw one', async () => {
    const dropped = await saleWith('coinbase', { clientOrderId: 'fl-1' })
    expect(dropped['client_order_id']).toMatch(/^ccxt-/)
    const raw = await saleWith('coinbase', { client_order_id: 'fl-1' })
    expect(raw['client_order_id']).toBe('fl-1')
  })

  it.each<VenueKind>(['binance', 'mexc'])(
    'reads a price beside a market buy at %s as an amount to spend',
    async (kind) => {
      const scene = await recorded(kind)
      const given = [symbols[kind], 'market', 'buy', 0.01, 50_000]
      await call(scene.exchange, 'createOrder', ...given)
      expect(sent(scene)['quoteOrderQty']).toBe('500')
      expect(sent(scene)['quantity']).toBeUndefined()
    },
  )

  it('rounds prices half up, whatever the side', async () => {
    const { exchange } = await recorded('binance')
    const round = (price: number) => call(exchange, 'priceToPrecision', 'BTC/USDT', price)
    expect(await round(50_000.129)).toBe('50000.13')
    const alpaca = await recorded('alpaca')
    const whole = await call(alpaca.exchange, 'priceToPrecision', 'BTC/USD', 50_000.6)
    expect(whole).toBe('50001')
  })

  it.each(venueKinds)('can buy at %s by what it costs', async (kind) => {
    const { exchange } = await recorded(kind)
    expect(Reflect.get(exchange, 'has')).toMatchObject({ createMarketBuyOrderWithCost: true })
  })

  it('sends an order twice when it is told to retry, so it is not told', async () => {
    const scene = await recorded('binance', { options: { maxRetriesOnFailure: 1 } })
    const original = Reflect.get(Object.getPrototypeOf(scene.exchange), 'fetch') as Fetch
    let requests = 0
    scene.exchange.fetch = (_url, ...rest) => {
      requests += 1
      return Reflect.apply(original, scene.exchange, ['http://127.0.0.1:1/none', ...rest])
    }
    const given = ['BTC/USDT', 'market', 'sell', 0.01]
    await expect(call(scene.exchange, 'createOrder', ...given)).rejects.toThrow(/127\.0\.0\.1/)
    expect(requests).toBe(2)
  })

  it.each(venueKinds)(
    'has no timer at %s that cancels all orders, as its row says',
    async (kind) => {
      const { exchange } = await recorded(kind)
      const has = Reflect.get(exchange, 'has') as Readonly<Record<string, unknown>>
      expect(has['cancelAllOrdersAfter'] === true).toBe(venueRows[kind].cancelAllTimer !== null)
    },
  )

  it.each(venueKinds)('has the test network of %s that its row names, or none', async (kind) => {
    const { exchange } = await recorded(kind)
    const text = JSON.stringify(Reflect.get(exchange.urls, 'test') ?? null)
    const { sandboxUrl } = venueRows[kind]
    const host = sandboxUrl === null ? 'null' : new URL(sandboxUrl).host
    expect(text.replaceAll('{hostname}', 'alpaca.markets')).toContain(host)
    expect(text === 'null').toBe(sandboxUrl === null)
  })
})

const request = {
  clientOrderId: 'fl-1',
  side: 'sell',
  quantity: Decimal.from('0.01'),
  type: 'limit',
  timeInForce: 'ioc',
  limitPrice: Decimal.from('50000'),
} as const

/** What the adapter of a venue hands to ccxt for an order. */
function parametersOf(kind: VenueKind, order: OrderRequest): Readonly<Record<string, unknown>> {
  return kind === 'binance' ? orderParameters(order) : orderCall(kind, order).parameters
}

describe('the rows', () => {
  it.each(venueKinds)('let nothing else pass to %s', (kind) => {
    const parameters = parametersOf(kind, { ...request, symbol: symbols[kind] })
    const allow = (extra: object) => allowedParameters(kind, 'limit', { ...parameters, ...extra })
    expect(allow({})).toEqual(parameters)
    expect(() => allow({ stopLossPrice: '45000' })).toThrow(`${kind} takes no stopLossPrice`)
    expect(() => allow({ triggerPrice: '45000' })).toThrow(RangeError)
  })

  it.each(venueKinds)('take our names at %s, and nothing longer than it takes', (kind) => {
    const { pattern } = venueRows[kind].clientOrderId
    expect(pattern.test('flb0k3f9a0k3f9a0k3f9a0k3f9-e1')).toBe(true)
    expect(pattern.test('a'.repeat(65))).toBe(false)
    expect(pattern.test('fl 1')).toBe(false)
    expect(pattern.test('')).toBe(false)
  })

  it('send an order again only where the venue returns the first', () => {
    const resending = venueKinds.filter(
      (kind) => venueRows[kind].clientOrderId.afterLoss === 'resend',
    )
    const returning = venueKinds.filter(
      (kind) => venueRows[kind].clientOrderId.reuse === 'returns-the-first',
    )
    expect(resending).toEqual(returning)
    expect(resending).toEqual(['coinbase'])
  })
})
