// Coinbase, MEXC and Alpaca through the real ccxt classes on a scripted server: what goes over the wire, and
// what the answers mean.
import { Decimal } from '@flotilla/money'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { venueRows } from '../venue-rows.ts'
import { marketNow } from '../wire-test/wire-venue.ts'
import { openSpotScene, openTakingScene, orderId, type SpotScene } from '../wire-test/spot-venue.ts'
import type { SpotKind } from './exchange-requests.ts'

const price = Decimal.from('50000')
const common = { clientOrderId: 'fl-1', side: 'sell', quantity: Decimal.from('0.01') } as const
const forms = {
  market: { ...common, type: 'market' },
  gtc: { ...common, type: 'limit', limitPrice: price, timeInForce: 'gtc' },
  ioc: { ...common, type: 'limit', limitPrice: price, timeInForce: 'ioc' },
  fok: { ...common, type: 'limit', limitPrice: price, timeInForce: 'fok' },
  maker: { ...common, type: 'limit-maker', limitPrice: price },
  stop: {
    ...common,
    type: 'stop-loss-limit',
    stopPrice: Decimal.from('49000'),
    limitPrice: Decimal.from('48500'),
    timeInForce: 'gtc',
  },
  cost: { ...common, side: 'buy', type: 'market', cost: Decimal.from('500') },
} as const

const coinbase = { client_order_id: 'fl-1', product_id: 'BTC-USD', side: 'SELL' }
const base_size = '0.01'
const limit_price = '50000'
const configured = (part: string, fields: object) => ({
  ...coinbase,
  order_configuration: { [part]: fields },
})
const mexc = { symbol: 'BTCUSDT', side: 'SELL', newClientOrderId: 'fl-1', quantity: '0.01' }
const alpaca = { symbol: 'BTC/USD', side: 'sell', client_order_id: 'fl-1', qty: '0.01' }
const stops = {
  base_size,
  limit_price: '48500',
  stop_price: '49000',
  stop_direction: 'STOP_DIRECTION_STOP_DOWN',
}

const onTheWire: readonly (readonly [SpotKind, keyof typeof forms, object])[] = [
  ['coinbase', 'market', configured('market_market_ioc', { base_size })],
  ['coinbase', 'gtc', configured('limit_limit_gtc', { base_size, limit_price })],
  ['coinbase', 'ioc', configured('sor_limit_ioc', { base_size, limit_price })],
  ['coinbase', 'fok', configured('limit_limit_fok', { base_size, limit_price })],
  ['coinbase', 'maker', configured('limit_limit_gtc', { base_size, limit_price, post_only: true })],
  ['coinbase', 'stop', configured('stop_limit_stop_limit_gtc', stops)],
  ['coinbase', 'cost', { ...configured('market_market_ioc', { quote_size: '500' }), side: 'BUY' }],
  ['mexc', 'market', { ...mexc, type: 'MARKET' }],
  ['mexc', 'gtc', { ...mexc, type: 'LIMIT', price: '50000' }],
  ['mexc', 'ioc', { ...mexc, type: 'IMMEDIATE_OR_CANCEL', price: '50000' }],
  ['mexc', 'fok', { ...mexc, type: 'FILL_OR_KILL', price: '50000' }],
  ['mexc', 'maker', { ...mexc, type: 'LIMIT_MAKER', price: '50000' }],
  [
    'mexc',
    'cost',
    {
      symbol: 'BTCUSDT',
      side: 'BUY',
      newClientOrderId: 'fl-1',
      type: 'MARKET',
      quoteOrderQty: '500',
    },
  ],
  ['alpaca', 'market', { ...alpaca, type: 'market', time_in_force: 'ioc' }],
  ['alpaca', 'gtc', { ...alpaca, type: 'limit', limit_price, time_in_force: 'gtc' }],
  ['alpaca', 'ioc', { ...alpaca, type: 'limit', limit_price, time_in_force: 'ioc' }],
  [
    'alpaca',
    'stop',
    {
      ...alpaca,
      type: 'stop_limit',
      limit_price: '48500',
      stop_price: '49000',
      time_in_force: 'gtc',
    },
  ],
  [
    'alpaca',
    'cost',
    {
      symbol: 'BTC/USD',
      side: 'buy',
      client_order_id: 'fl-1',
      type: 'market',
      time_in_force: 'ioc',
      notional: '500',
    },
  ],
]

let scene: SpotScene
async function open(kind: SpotKind): Promise<SpotScene> {
  scene = await openTakingScene(kind)
  return scene
}
afterEach(async () => {
  await scene.venue.close()
  await scene.server.close()
})

/** What the only order on the wire carried, without what every signed request carries. */
function sentOrder({ server, shapes }: SpotScene): object {
  const sent = server.sent(shapes.place)
  expect(sent).toHaveLength(1)
  const { body, parameters } = sent[0]!
  if (body.startsWith('{')) return JSON.parse(body) as object
  const { timestamp, signature, recvWindow, ...rest } = parameters
  expect(timestamp).toBe(String(marketNow))
  expect(recvWindow).toBe('5000')
  expect(signature).toMatch(/^[0-9a-f]{64}$/)
  return rest
}

describe('orders on the wire', () => {
  it.each(onTheWire)('carry at %s, as %s, exactly these parameters', async (kind, form, wire) => {
    const { venue, shapes } = await open(kind)
    const outcome = await venue.placeOrder({ ...forms[form], symbol: shapes.symbol })
    expect(outcome).toMatchObject({
      kind: 'accepted',
      order: { clientOrderId: 'fl-1', venueOrderId: orderId },
    })
    expect(sentOrder(scene)).toEqual(wire)
  })

  const refused: readonly (readonly [SpotKind, keyof typeof forms, string])[] = [
    ['mexc', 'stop', 'order_type'],
    ['alpaca', 'maker', 'order_type'],
  ]
  it.each(refused)('do not leave for %s as %s, which it has not', async (kind, form, name) => {
    const { venue, server, shapes } = await open(kind)
    const outcome = await venue.placeOrder({ ...forms[form], symbol: shapes.symbol })
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'rule_broken', rule: { name } })
    expect(server.sent(shapes.place)).toEqual([])
  })

  it.each<SpotKind>(['coinbase', 'mexc', 'alpaca'])(
    'buy at the market of %s by what they cost, or not at all',
    async (kind) => {
      const { venue, server, shapes } = await open(kind)
      const request = { ...forms.market, side: 'buy', symbol: shapes.symbol } as const
      expect(await venue.placeOrder(request)).toMatchObject({
        code: 'rule_broken',
        rule: { name: 'market_buy_cost', value: '0.01' },
      })
      expect(server.sent(shapes.place)).toEqual([])
    },
  )

  it('keep to the least cost of a buy, which does not bind a sale', async () => {
    const { venue, server, shapes } = await open('alpaca')
    const small = { ...forms.gtc, symbol: shapes.symbol, quantity: Decimal.from('0.0001') }
    const outcome = await venue.placeOrder({ ...small, side: 'buy' })
    expect(outcome).toMatchObject({ rule: { name: 'notional_min', value: '5', limit: '10' } })
    expect(server.sent(shapes.place)).toEqual([])
    expect((await venue.placeOrder(small)).kind).toBe('accepted')
  })
})

describe.each<SpotKind>(['coinbase', 'mexc', 'alpaca'])('%s', (kind) => {
  beforeEach(async () => {
    await open(kind)
  })

  const place = () => scene.venue.placeOrder({ ...forms.gtc, symbol: scene.shapes.symbol })
  const reference = () => ({ symbol: scene.shapes.symbol, clientOrderId: 'fl-1' })

  it('gives the rules that it lists, with the limits from the fields of its row', async () => {
    const [rules] = await scene.venue.fetchRules([scene.shapes.symbol])
    const least = { coinbase: '0.00001', mexc: '0.000001', alpaca: '0.0001' }[kind]
    const cost = { coinbase: '1', mexc: '1', alpaca: '0' }[kind]
    const tick = { coinbase: '0.01', mexc: '0.01', alpaca: '0.1' }[kind]
    expect(rules?.quantityMin.toString()).toBe(least)
    expect(rules?.notionalMin.toString()).toBe(cost)
    expect(rules?.priceTick.toString()).toBe(tick)
    expect(rules?.ocoAllowed).toBe(false)
    expect(rules?.orderTypes).toEqual(Object.keys(venueRows[kind].orderParameters))
  })

  it('tells at once what became of an order, or that it rests', async () => {
    scene.server.on(scene.shapes.tell, { json: scene.shapes.told({ status: 'filled' }) })
    const outcome = await place()
    expect(outcome).toMatchObject({ kind: 'accepted', order: { status: 'filled' } })
    if (outcome.kind !== 'accepted') return
    expect(outcome.order.filledQuantity.toString()).toBe('0.01')
    expect(outcome.order.filledNotional.toString()).toBe('500')
  })

  it('counts an order as open whose state it does not tell', async () => {
    scene.server.on(scene.shapes.tell, { status: 503, text: '<html>' })
    expect(await place()).toMatchObject({
      kind: 'accepted',
      order: { status: 'open', venueOrderId: orderId },
    })
  })

  it('finds an order by our name, and says when it has none', async () => {
    const { server, shapes, venue } = scene
    server.on(shapes.list, { json: shapes.listed([{ status: 'open' }]) })
    expect(await venue.queryOrder(reference())).toMatchObject({ clientOrderId: 'fl-1' })
    server.on(shapes.list, { json: shapes.listed([{ status: 'open', clientOrderId: 'x' }]) })
    server.on(shapes.tell, { status: 400, json: { code: -2013, msg: 'Order does not exist.' } })
    expect(await venue.queryOrder(reference())).toBeNull()
  })

  it("finds and cancels an order by the venue's id where its name is not found", async () => {
    const { server, shapes, venue } = scene
    server.on(shapes.list, { json: shapes.listed([{ status: 'open', clientOrderId: 'x' }]) })
    const denied = { status: 400, json: { code: -2013, msg: 'Order does not exist.' } }
    const told = { json: shapes.told({ status: 'open', clientOrderId: 'released' }) }
    server.on(shapes.tell, ({ parameters }) =>
      parameters['origClientOrderId'] === undefined ? told : denied,
    )
    server.on(shapes.cancel, { json: shapes.canceled() })
    const known = { ...reference(), venueOrderId: orderId }
    const found = { clientOrderId: 'fl-1', venueOrderId: orderId, status: 'open' }
    expect(await venue.queryOrder(known)).toMatchObject(found)
    expect(await venue.cancelOrder(known)).toMatchObject({ kind: 'accepted', order: found })
    expect(server.sent(shapes.cancel)).toHaveLength(1)
    expect(await venue.queryOrder(reference())).toBeNull()
  })

  it('cancels by our name', async () => {
    const { server, shapes, venue } = scene
    server.on(shapes.list, { json: shapes.listed([{ status: 'open' }]) })
    server.on(shapes.cancel, () => {
      server.on(shapes.tell, { json: shapes.told({ status: 'canceled' }) })
      return { json: shapes.canceled() }
    })
    const outcome = await venue.cancelOrder(reference())
    expect(outcome).toMatchObject({ kind: 'accepted', order: { status: 'canceled' } })
    expect(server.sent(shapes.cancel)).toHaveLength(1)
  })

  it('gives fills in order, each once, over all pages', async () => {
    const { server, shapes, venue } = scene
    const pages = [100, 3].map((count, page) =>
      Array.from({ length: count }, (_, row) =>
        shapes.filled(`trade-${page}-${row}`, marketNow + page * 1_000 + row),
      ),
    )
    server.on(shapes.fills, () => ({ json: shapes.fillsOf(pages.shift() ?? []) }))
    const fills = await venue.fetchFills(shapes.symbol, { since: marketNow - 60_000 })
    expect(fills).toHaveLength(103)
    expect(new Set(fills.map(({ tradeId }) => tradeId)).size).toBe(103)
    const fee = { coinbase: '3', mexc: '1', alpaca: '1.25' }[kind]
    expect(fills[0]?.fee.toString()).toBe(fee)
    expect(fills[0]?.feeAsset).toBe(kind === 'mexc' ? 'USDT' : 'USD')
  })

  it('names both forms of a symbol that it does not list', async () => {
    const outcome = await scene.venue.placeOrder({ ...forms.market, symbol: 'FOO/USD' })
    const form = { coinbase: 'FOO-USD', mexc: 'FOOUSD', alpaca: 'FOO/USD' }[kind]
    const reason = `${kind} does not list FOO/USD (in its form ${form})`
    expect(outcome).toEqual({ kind: 'rejected', code: 'unknown_symbol', reason })
  })

  it('names both forms of an asset that it says is not found', async () => {
    const answer = { code: 42210000, message: 'asset "BTC" not found' }
    scene.server.on(scene.shapes.place, { status: 422, json: answer })
    const outcome = await place()
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'unknown_symbol' })
    if (outcome.kind !== 'rejected') return
    const form = { coinbase: 'BTC-USD', mexc: 'BTCUSDT', alpaca: 'BTC/USD' }[kind]
    expect(outcome.reason).toContain(scene.shapes.symbol)
    expect(outcome.reason).toContain(form)
  })

  it.each<readonly [string, Parameters<SpotScene['server']['on']>[1], string]>([
    ['a cut connection', { fault: 'reset' }, 'unknown'],
    ['a server error', { status: 502, text: '<html>' }, 'unknown'],
    ['an answer cut short', { text: '{"order' }, 'unknown'],
    ['an answer without an order', { json: {} }, 'unknown'],
    ['too many requests', { status: 429, json: { code: 429, msg: 'slow' } }, 'throttled'],
    [
      'too little money',
      { status: 400, json: { code: 30004, msg: 'insufficient balance' } },
      'insufficient_balance',
    ],
  ])('takes %s for what it is', async (_title, answer, meaning) => {
    scene.server.on(scene.shapes.place, answer)
    const outcome = await place()
    expect(outcome.kind === 'rejected' ? outcome.code : outcome.kind).toBe(meaning)
  })

  it('has no pair of exits, and says so without asking', async () => {
    const protection = await scene.venue.placeProtection({
      clientProtectionId: 'fl-1-p',
      symbol: scene.shapes.symbol,
      side: 'sell',
      quantity: Decimal.from('0.01'),
      stop: { clientOrderId: 'fl-1-s', stopPrice: Decimal.from('49000') },
      takeProfit: { clientOrderId: 'fl-1-t', limitPrice: Decimal.from('52000') },
    })
    expect(protection).toMatchObject({ kind: 'rejected', code: 'unsupported' })
  })
})

describe('a lost answer', () => {
  it('is asked for at Coinbase by the very same bytes, which return the first order', async () => {
    const { venue, server, shapes } = await open('coinbase')
    let requests = 0
    server.on(shapes.place, () => {
      requests += 1
      return requests === 1 ? { fault: 'reset' } : { json: shapes.placed('fl-1') }
    })
    const outcome = await venue.placeOrder({ ...forms.gtc, symbol: shapes.symbol })
    expect(outcome.kind).toBe('accepted')
    const bodies = server.sent(shapes.place).map(({ body }) => body)
    expect(bodies).toHaveLength(2)
    expect(bodies[0]).toBe(bodies[1])
  })

  it.each<SpotKind>(['mexc', 'alpaca'])('is never sent again at %s', async (kind) => {
    const { venue, server, shapes } = await open(kind)
    server.on(shapes.place, { fault: 'reset' })
    const outcome = await venue.placeOrder({ ...forms.gtc, symbol: shapes.symbol })
    expect(outcome.kind).toBe('unknown')
    expect(server.sent(shapes.place)).toHaveLength(1)
  })
})

describe('the test network', () => {
  it('is refused where there is none', async () => {
    await open('alpaca')
    const opening = openSpotScene('mexc', { testnet: true })
    await expect(opening).rejects.toThrow(/mexc has no test network/)
  })
})
