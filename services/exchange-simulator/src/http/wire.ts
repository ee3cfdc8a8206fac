import { randomUUID } from 'node:crypto'
import { isRefusal, refusals, type Parameters, type Refusal } from '../core/index.ts'
import type { Desk } from '../desk.ts'
import type { ListenKeys } from '../streams/listen-keys.ts'
import { accountEndpoints } from './account-endpoints.ts'
import { amendEndpoints } from './amend-endpoints.ts'
import { reply, type Endpoint, type Reply } from './endpoint.ts'
import { rateLimits } from './exchange-info.ts'
import { generalEndpoints } from './general-endpoints.ts'
import type { LimitRefusal, Limits } from './limits.ts'
import { listenKeyEndpoints } from './listen-key-endpoints.ts'
import { listEndpoints } from './list-endpoints.ts'
import { convertEndpoints } from './convert-endpoints.ts'
import { bookEndpoints } from './market-books.ts'
import { historyEndpoints } from './market-history.ts'
import { tickerEndpoints } from './market-tickers.ts'
import { inMicroseconds, type TimeUnit } from './time-unit.ts'
import { orderEndpoints } from './order-endpoints.ts'
import { checkKey, checkSignature } from './security.ts'

/** A request as it came over the wire, undecoded: the signature is over these very characters. */
export type WireRequest = {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly apiKey: string | null
  /** Times are answered in milliseconds unless the client asked for the finer unit. */
  readonly timeUnit?: TimeUnit
  /** What query and body say, when they came decoded already. */
  readonly parameters?: Parameters
}

type WireResponse = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a fault makes of a request that goes through. */
export type Twist = {
  /** How far the exchange's clock is off. */
  readonly skewMs: number
  /** What a reader is shown instead of the truth. */
  readonly view: (desk: Desk) => Desk
}

export type Wire = (request: WireRequest, twist?: Twist) => WireResponse

export type WireParts = {
  readonly desk: Desk
  readonly limits: Limits
  readonly realNow: () => number
  /** Null where they are retired. */
  readonly listenKeys: ListenKeys | null
}

const straight: Twist = { skewMs: 0, view: (desk) => desk }

export const USER_STREAM_PATH = '/ws/user'
const SIGNING_PARAMETERS = ['timestamp', 'recvWindow', 'signature', 'apiKey']

/** The pipeline in the documented order: limits, route, key, signature, parameters, engine. */
export function createWire(parts: WireParts): Wire {
  const routes = new Map(
    [
      ...generalEndpoints,
      ...bookEndpoints,
      ...historyEndpoints,
      ...tickerEndpoints,
      ...orderEndpoints,
      ...amendEndpoints,
      ...listEndpoints,
      ...accountEndpoints,
      ...convertEndpoints,
      ...listenKeyEndpoints(parts.listenKeys),
      orderLimits(parts),
      userStream,
    ].map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint]),
  )
  return (request, twist = straight) => {
    const endpoint = routes.get(`${request.method} ${request.path}`)
    const sent = readParameters(request)
    const weight = endpoint === undefined ? 1 : weightOf(endpoint, sent.parameters)
    const closed = parts.limits.enter(weight)
    if (closed !== null) return refuseWith(parts, closed)
    if (endpoint === undefined) return escape(parts, request)
    const outcome = handle({ parts, request, endpoint, sent, twist })
    if (isRefusal(outcome)) return refuseWith(parts, outcome)
    const { timeUnit } = request
    const body = timeUnit === 'MICROSECOND' ? inMicroseconds(outcome.body) : outcome.body
    return accepted({ parts, endpoint, weight }, { ...outcome, body })
  }
}

type Handling = {
  readonly parts: WireParts
  readonly request: WireRequest
  readonly endpoint: Endpoint
  readonly sent: SentParameters
  readonly twist: Twist
}

function handle(handling: Handling): Reply | Refusal {
  const { parts, endpoint, sent, twist } = handling
  const { desk } = parts
  const { parameters } = sent
  const refusal = checkAccess(handling) ?? checkRead(endpoint, sent)
  if (refusal !== null) return refusal
  if (endpoint.method === 'GET' || endpoint.method === 'WS') {
    return endpoint.handle({ desk: twist.view(desk), parameters })
  }
  return change(handling)
}

function change({ parts, request, endpoint, sent: { parameters } }: Handling): Reply | Refusal {
  const { desk } = parts
  const { engine } = desk
  // Who has placed too many orders hears first of what is wrong with this one.
  if (isPlacing(endpoint)) engine.barred = parts.limits.checkOrders()
  const outcome = endpoint.handle({ desk, parameters })
  engine.barred = null
  // Nothing is answered before it is on disk: an acknowledged order survives a killed process.
  if (hasChanged(outcome) && !endpoint.path.endsWith('/test')) {
    const { method, path } = request
    desk.commit({ method, path, parameters: withoutSecrets(parameters) })
  }
  return outcome
}

function hasChanged(outcome: Reply | Refusal): boolean {
  return !isRefusal(outcome) && outcome.status !== 400
}

function checkAccess({ parts, request, endpoint, sent, twist }: Handling): Refusal | null {
  if (endpoint.security === 'none') return null
  const { desk } = parts
  const { skewMs } = twist
  const context = {
    config: desk.config,
    keys: desk.door.keys,
    marketNow: desk.now() + skewMs,
    realNow: parts.realNow() + skewMs,
  }
  const refusal = checkKey(request, desk.door.keys)
  if (refusal !== null) desk.door.noteRefusal()
  if (refusal !== null || endpoint.security === 'key') return refusal
  return checkSignature(request, sent.parameters, context)
}

function checkRead(endpoint: Endpoint, sent: SentParameters): Refusal | null {
  if (sent.isDoubled) return refusals.duplicateParameter()
  const { parameters } = sent
  const known = (name: string): boolean =>
    endpoint.parameters.includes(name) ||
    (endpoint.security === 'signed' && SIGNING_PARAMETERS.includes(name))
  const read = [...parameters.keys()].filter(known).length
  return read === parameters.size ? null : refusals.unreadParameters(read, parameters.size)
}

function isPlacing(endpoint: Endpoint): boolean {
  const { method, path } = endpoint
  return method === 'POST' && path.startsWith('/api/') && !path.endsWith('/test')
}

function withoutSecrets(parameters: Parameters): Record<string, string> {
  return Object.fromEntries(
    [...parameters].filter(([name]) => name !== 'signature' && name !== 'apiKey'),
  )
}

function weightOf(endpoint: Endpoint, parameters: Parameters): number {
  return typeof endpoint.weight === 'number' ? endpoint.weight : endpoint.weight(parameters)
}

export type SentParameters = {
  readonly parameters: Parameters
  /** Query or body says the same name twice. */
  readonly isDoubled: boolean
}

/** Query and body together; what is in both counts as the query says it. */
export function readParameters(request: WireRequest): SentParameters {
  if (request.parameters !== undefined) return { parameters: request.parameters, isDoubled: false }
  const parameters = new Map<string, string>()
  let isDoubled = false
  for (const part of [request.query, request.body]) {
    const seen = new Set<string>()
    for (const [name, value] of new URLSearchParams(part)) {
      if (seen.has(name)) isDoubled = true
      seen.add(name)
      if (!parameters.has(name)) parameters.set(name, value)
    }
  }
  return { parameters, isDoubled }
}

type Acceptance = {
  readonly parts: WireParts
  readonly endpoint: Endpoint
  readonly weight: number
}

function accepted({ parts, endpoint, weight }: Acceptance, outcome: Reply): WireResponse {
  const { limits } = parts
  if (outcome.isFree === true) limits.refund(weight)
  const status = outcome.status ?? 200
  if (!isPlacing(endpoint)) return respond(parts, status, outcome.body)
  limits.countOrders(outcome.placed ?? 0)
  const response = respond(parts, status, outcome.body)
  const { tenSeconds, day } = limits.orderCount
  return {
    ...response,
    headers: {
      ...response.headers,
      'X-MBX-ORDER-COUNT-10S': String(tenSeconds),
      'X-MBX-ORDER-COUNT-1D': String(day),
    },
  }
}

function respond(parts: WireParts, status: number, body: unknown): WireResponse {
  const headers = { 'Content-Type': 'application/json;charset=UTF-8', ...usageHeaders(parts) }
  return { status, headers, body: JSON.stringify(body) }
}

/** On every response, whatever it says. */
function usageHeaders({ limits }: WireParts): Readonly<Record<string, string>> {
  const used = String(limits.usedWeight)
  return {
    'X-MBX-UUID': randomUUID(),
    'X-MBX-USED-WEIGHT': used,
    'X-MBX-USED-WEIGHT-1M': used,
  }
}

/** What is refused for its number says when to come again. */
function refuseWith(parts: WireParts, refusal: Refusal | LimitRefusal): WireResponse {
  const { status, code, message } = refusal
  const response = respond(parts, status, { code, msg: message })
  if (!('retryAfterSeconds' in refusal)) return response
  const seconds = String(Math.max(1, refusal.retryAfterSeconds))
  return { ...response, headers: { ...response.headers, 'Retry-After': seconds } }
}

/** Somebody meant another exchange: said aloud, and remembered for the tests. */
function escape(parts: WireParts, { method, path }: WireRequest): WireResponse {
  const { desk } = parts
  desk.noteEscape({ method, path, at: desk.now() })
  return {
    status: 404,
    headers: { 'Content-Type': 'text/html; charset=utf-8', ...usageHeaders(parts) },
    body: '<html><body><h2>404 Not found</h2></body></html>',
  }
}

/** Who may listen to the account: key and signature are checked as for any order. */
const userStream: Endpoint = {
  method: 'WS',
  path: USER_STREAM_PATH,
  weight: 2,
  security: 'signed',
  parameters: [],
  handle: () => reply({}),
}

function orderLimits({ limits, desk }: WireParts): Endpoint {
  return {
    method: 'GET',
    path: '/api/v3/rateLimit/order',
    weight: 40,
    security: 'signed',
    parameters: [],
    handle: () => {
      const { tenSeconds, day } = limits.orderCount
      const [, seconds, daily] = rateLimits(desk.config)
      return {
        kind: 'reply',
        body: [
          { ...seconds, count: tenSeconds },
          { ...daily, count: day },
        ],
      }
    },
  }
}
