import type { TextResponse } from '../http/server.ts'
import type { TimeUnit } from '../http/time-unit.ts'
import { USER_STREAM_PATH, type WireRequest } from '../http/wire.ts'
import type { Hub, Listener } from './hub.ts'

/**
 * Requests and answers over a socket. Each method is one of the REST calls under another name, so it
 * goes the same way: limits, key, signature, parameters, engine, faults.
 */
export type ApiParts = {
  readonly hub: Hub
  readonly listener: Listener
  readonly answer: (request: WireRequest) => TextResponse | Promise<TextResponse>
  /** As `exchangeInfo` tells them. */
  readonly rateLimits: readonly Readonly<Record<string, unknown>>[]
  readonly now: () => number
  /** What the address of the connection asked for. */
  readonly wishes: { readonly rateLimits: boolean; readonly timeUnit: TimeUnit }
}

const methods: Readonly<Record<string, string>> = {
  ping: 'GET ping',
  time: 'GET time',
  exchangeInfo: 'GET exchangeInfo',
  depth: 'GET depth',
  'trades.recent': 'GET trades',
  'trades.historical': 'GET historicalTrades',
  'trades.aggregate': 'GET aggTrades',
  'blockTrades.historical': 'GET historicalBlockTrades',
  klines: 'GET klines',
  uiKlines: 'GET uiKlines',
  avgPrice: 'GET avgPrice',
  referencePrice: 'GET referencePrice',
  'referencePrice.calculation': 'GET referencePrice/calculation',
  executionRules: 'GET executionRules',
  ticker: 'GET ticker',
  'ticker.24hr': 'GET ticker/24hr',
  'ticker.tradingDay': 'GET ticker/tradingDay',
  'ticker.price': 'GET ticker/price',
  'ticker.book': 'GET ticker/bookTicker',
  'order.place': 'POST order',
  'order.test': 'POST order/test',
  'order.status': 'GET order',
  'order.cancel': 'DELETE order',
  'order.cancelReplace': 'POST order/cancelReplace',
  'order.amend.keepPriority': 'PUT order/amend/keepPriority',
  'order.amendments': 'GET order/amendments',
  'openOrders.status': 'GET openOrders',
  'openOrders.cancelAll': 'DELETE openOrders',
  'orderList.place': 'POST order/oco',
  'orderList.place.oco': 'POST orderList/oco',
  'orderList.place.oto': 'POST orderList/oto',
  'orderList.place.otoco': 'POST orderList/otoco',
  'orderList.place.opo': 'POST orderList/opo',
  'orderList.place.opoco': 'POST orderList/opoco',
  'orderList.status': 'GET orderList',
  'orderList.cancel': 'DELETE orderList',
  'openOrderLists.status': 'GET openOrderList',
  'userDataStream.start': 'POST userDataStream',
  'userDataStream.ping': 'PUT userDataStream',
  'userDataStream.stop': 'DELETE userDataStream',
  allOrders: 'GET allOrders',
  allOrderLists: 'GET allOrderList',
  myTrades: 'GET myTrades',
  myPreventedMatches: 'GET myPreventedMatches',
  myAllocations: 'GET myAllocations',
  myFilters: 'GET myFilters',
  'account.status': 'GET account',
  'account.commission': 'GET account/commission',
  'account.rateLimits.orders': 'GET rateLimit/order',
}

type Request = {
  readonly id: unknown
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
}

/** The answer to one message; null when there is none and never will be. */
export async function answerApi(parts: ApiParts, text: string): Promise<string | null> {
  const request = readRequest(text)
  if (request === null) return failure(null, -1135, 'Invalid JSON Request')
  const session = sessions[request.method]
  if (session !== undefined) return session(parts, request)
  const call = methods[request.method]
  if (call === undefined) return failure(request.id, -1020, 'This operation is not supported.')
  const [method = '', path = ''] = call.split(' ')
  return wrap(parts, request, await ask(parts, request, { method, path: `/api/v3/${path}` }))
}

function readRequest(text: string): Request | null {
  try {
    const value = JSON.parse(text) as Partial<Request> | null
    if (value === null || typeof value.method !== 'string') return null
    return { id: value.id ?? null, method: value.method, params: value.params ?? {} }
  } catch {
    return null
  }
}

function failure(id: unknown, code: number, msg: string): string {
  return JSON.stringify({ id, status: code === -2014 ? 401 : 400, error: { code, msg } })
}

async function ask(
  parts: ApiParts,
  { params }: Request,
  call: { readonly method: string; readonly path: string },
): Promise<TextResponse> {
  const parameters = new Map(
    Object.entries(params)
      .filter(([name]) => name !== 'returnRateLimits')
      .map(([name, value]) => [name, textOf(value)]),
  )
  // What is signed are the parameters in the order of the alphabet, as they are.
  const names = Object.keys(params)
    .filter((name) => name !== 'signature')
    .sort()
  const query = names.map((name) => `${name}=${textOf(params[name])}`).join('&')
  const apiKey = parameters.get('apiKey') ?? null
  const { timeUnit } = parts.wishes
  return parts.answer({ ...call, query, body: '', apiKey, parameters, timeUnit })
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value) ?? ''
}

function wrap(parts: ApiParts, request: Request, response: TextResponse): string | null {
  const { fate, status, body, headers } = response
  if (fate === 'reset') parts.listener.drop('disconnect')
  if (fate !== undefined) return null
  const { id, params } = request
  const isGood = status === 200
  const content = readBody(body)
  return JSON.stringify({
    id,
    status,
    ...(isGood ? { result: content } : { error: withPatience(parts, content, headers) }),
    ...(wantsLimits(parts, params) ? { rateLimits: limitsOf(parts, headers) } : {}),
  })
}

/** A request may say otherwise than its connection. */
function wantsLimits({ wishes }: ApiParts, { returnRateLimits }: Request['params']): boolean {
  return typeof returnRateLimits === 'boolean' ? returnRateLimits : wishes.rateLimits
}

/** A gateway's page cannot be put into an answer. */
function readBody(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return { code: -1000, msg: 'An unknown error occurred while processing the request.' }
  }
}

type Headers = TextResponse['headers']

/** Who has asked too much is told the moment from which on he may ask again. */
function withPatience({ now }: ApiParts, content: unknown, headers: Headers): unknown {
  const seconds = headers['Retry-After']
  if (seconds === undefined) return content
  const serverTime = now()
  const data = { serverTime, retryAfter: serverTime + Number(seconds) * 1_000 }
  return { ...(content as object), data }
}

/** The counts of orders stand where an order was placed, before the weight. */
function limitsOf({ rateLimits }: ApiParts, headers: Headers): unknown {
  const [weight, tenSeconds, day] = rateLimits
  const used = (name: string): number => Number(headers[name] ?? 0)
  const counts = [{ ...weight, count: used('X-MBX-USED-WEIGHT-1M') }]
  if (headers['X-MBX-ORDER-COUNT-10S'] === undefined) return counts
  return [
    { ...tenSeconds, count: used('X-MBX-ORDER-COUNT-10S') },
    { ...day, count: used('X-MBX-ORDER-COUNT-1D') },
    ...counts,
  ]
}

type Session = (parts: ApiParts, request: Request) => Promise<string | null>

const sessions: Readonly<Record<string, Session>> = {
  'userDataStream.subscribe.signature': subscribe,
  'userDataStream.subscribe': needsLogon,
  'userDataStream.unsubscribe': unsubscribe,
  'session.logon': (_parts, { id }) =>
    Promise.resolve(failure(id, -4056, 'HMAC_SHA256 API key is not supported.')),
  'session.status': (_parts, { id }) =>
    Promise.resolve(success(id, { apiKey: null, authorizedSince: null, connectedSince: null })),
  'session.logout': (_parts, { id }) =>
    Promise.resolve(success(id, { apiKey: null, authorizedSince: null })),
  'session.subscriptions': ({ hub, listener }, { id }) =>
    Promise.resolve(
      success(
        id,
        hub.userSubscriptions(listener).map((subscriptionId) => ({ subscriptionId })),
      ),
    ),
}

async function subscribe(parts: ApiParts, request: Request): Promise<string | null> {
  const { hub, listener } = parts
  const response = await ask(parts, request, { method: 'WS', path: USER_STREAM_PATH })
  if (response.fate !== undefined || response.status !== 200) return wrap(parts, request, response)
  if (hub.userSubscriptions(listener).length > 0) {
    return failure(request.id, -2035, 'User Data Stream subscription already active.')
  }
  return success(request.id, { subscriptionId: hub.subscribeUser(listener) })
}

function needsLogon(_parts: ApiParts, { id }: Request): Promise<string> {
  return Promise.resolve(failure(id, -2014, 'API-key format invalid.'))
}

function unsubscribe({ hub, listener }: ApiParts, request: Request): Promise<string> {
  const id = request.params['subscriptionId']
  const isEnded = hub.unsubscribeUser(listener, typeof id === 'number' ? id : null)
  return Promise.resolve(
    isEnded
      ? success(request.id, {})
      : failure(request.id, -2036, 'User Data Stream subscription not active.'),
  )
}

function success(id: unknown, result: unknown): string {
  return JSON.stringify({ id, status: 200, result })
}
