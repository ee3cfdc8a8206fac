// What a request at the wire of Coinbase, MEXC or Alpaca is: whether it carries a key, which limit it counts
// against and with what weight, and how much it hurries. Told by its address and body, since ccxt's methods may
// need several requests each. Weights: the limits in the venues' documents, as ccxt 4.5.84 lists them.
import type { SpotKind } from './exchange-requests.ts'
import type { HttpRequest } from './load-binance.ts'
import type { Urgency } from './request-budget.ts'

export type RequestSort = {
  readonly isSigned: boolean
  /** The name of the limit in the venue's row. */
  readonly limit: 'signed' | 'public'
  readonly weight: number
  readonly urgency: Urgency
}

export function sortOf(kind: SpotKind, request: HttpRequest): RequestSort {
  const [address, method] = request
  const url = new URL(address)
  const isSigned = isSignedAt[kind](url)
  const weight = kind === 'mexc' ? mexcWeight(method, url) : 1
  const urgency = urgencyOf(request, url, isSigned)
  return { isSigned, limit: isSigned ? 'signed' : 'public', weight, urgency }
}

const isSignedAt: Readonly<Record<SpotKind, (url: URL) => boolean>> = {
  coinbase: ({ pathname }) => !/\/brokerage\/(market\/|time$)|^\/v2\/time$/.test(pathname),
  mexc: ({ searchParams }) => searchParams.has('signature'),
  // Its market data needs no key.
  alpaca: ({ pathname }) => !pathname.startsWith('/v1beta'),
}

function urgencyOf([, method, , body]: HttpRequest, url: URL, isSigned: boolean): Urgency {
  if (!isSigned) return 'market'
  if (method === 'GET') return 'question'
  // A stream of the account tells what would else have to be asked.
  if (url.pathname.endsWith('/userDataStream')) return 'question'
  const isOrder = /\/orders?$/.test(url.pathname) && method === 'POST'
  return isOrder && sideIn(url, body) === 'buy' ? 'entry' : 'exit'
}

/** The account holds what it bought, so that a buy begins and a sell ends. */
function sideIn(url: URL, body: unknown): string {
  const inBody = typeof body === 'string' ? (/"side":\s*"(\w+)"/.exec(body)?.[1] ?? '') : ''
  return (url.searchParams.get('side') ?? inBody).toLowerCase()
}

const mexcWeights: ReadonlyMap<string, number> = new Map([
  ['GET /api/v3/order', 2],
  ['GET /api/v3/openOrders', 3],
  ['GET /api/v3/allOrders', 10],
  ['GET /api/v3/account', 10],
  ['GET /api/v3/myTrades', 10],
  ['GET /api/v3/exchangeInfo', 25],
  ['GET /api/v3/ticker/24hr', 25],
  ['GET /api/v3/depth', 3],
])

function mexcWeight(method: string, { pathname }: URL): number {
  return mexcWeights.get(`${method} ${pathname}`) ?? 1
}
