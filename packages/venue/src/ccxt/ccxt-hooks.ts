// What every ccxt class is fitted with here: failures that keep what the venue said, requests that end in time and
// stay where they were pointed. ccxt throws most of an answer away and ends its time limit with the headers.
import { systemTimeMs, withDeadline } from '../clock.ts'
import type { CcxtExchange, HttpAnswer, HttpRequest } from './load-binance.ts'
import { isAt } from './redirect.ts'
import { WireFailure } from './wire-failure.ts'
import { excerptOf, withoutQueries } from './wire-text.ts'

export type Headers = Readonly<Record<string, string>>

/** What the venue itself says about a refusal. */
export type VenueWords = { readonly venueCode: string | null; readonly venueMessage: string }

export type AnswerReader = {
  /** The venue's code and words in the body of an answer. */
  readonly read: (json: unknown, status: number) => VenueWords
  /** Told of the headers of every answer, with the address that was asked. */
  readonly hear: (headers: Headers, url: string) => void
}

/** Notes status, code and words of each refused answer while they are at hand; ccxt keeps only a text. */
export function describeFailures(exchange: CcxtExchange, { read, hear }: AnswerReader): void {
  const original = exchange.handleErrors.bind(exchange)
  exchange.handleErrors = (...details: HttpAnswer) => {
    hear(details[4], details[2])
    let cause: unknown
    try {
      original(...details)
    } catch (error) {
      cause = error
    }
    const failure = answerFailure(details, cause, read)
    if (failure !== null) throw failure
    return undefined
  }
}

export type RequestLimits = {
  readonly baseUrl?: string | undefined
  readonly timeoutMs: number
  /** Before each request; what it rejects with is what becomes of the request, which is not sent. */
  readonly before?: (request: HttpRequest) => Promise<void>
}

/** ccxt's own time limit ends with the headers; a body that never comes would hang for ever. */
export function guardRequests(exchange: CcxtExchange, limits: RequestLimits): void {
  const { baseUrl, timeoutMs, before } = limits
  const original = exchange.fetch.bind(exchange)
  exchange.fetch = async (...details: HttpRequest) => {
    const [url, method] = details
    const request = `${method} ${withoutQueries(url)}`
    if (baseUrl !== undefined && !isAt(url, baseUrl)) {
      throw new Error(`${request} would leave ${baseUrl}; it was not sent`)
    }
    await before?.(details)
    return withDeadline(original(...details), timeoutMs + 500, () => {
      const message = `${request}: no complete answer within ${String(timeoutMs)} ms`
      return new WireFailure({ kind: 'timeout', message })
    })
  }
}

/** A JSON answer without an error code is no failure, nor is nothing where nothing is said; all else is. */
function answerFailure(
  details: HttpAnswer,
  cause: unknown,
  read: AnswerReader['read'],
): WireFailure | null {
  const [status, , url, method, headers, body, json] = details
  const { venueCode, venueMessage } = read(json, status)
  const request = `${method} ${withoutQueries(url)}`
  if (status === 204) return null
  if (json === undefined && status < 400) {
    const message = `${request}: answer is not JSON: "${excerptOf(body)}"`
    return new WireFailure({ kind: 'malformed', message, status, cause })
  }
  if (cause === undefined && status < 400 && venueCode === null) return null
  return new WireFailure({
    kind: 'http',
    message: `${request}: ${String(status)} ${venueCode ?? ''} ${venueMessage || excerptOf(body)}`,
    status,
    venueCode,
    venueMessage,
    retryAfterMs: retryAfterOf(headers, status),
    cause,
  })
}

/** Seconds, as all venues here write it; else when the window ends that was used up (Alpaca, epoch seconds). */
function retryAfterOf(headers: Headers, status: number): number | null {
  const seconds = numberIn(headers, 'retry-after')
  if (seconds !== null) return seconds * 1_000
  const resetAt = status === 429 ? numberIn(headers, 'x-ratelimit-reset') : null
  return resetAt === null ? null : Math.max(1_000, resetAt * 1_000 - systemTimeMs())
}

export function numberIn(headers: Headers, wanted: string): number | null {
  const value = Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1]
  return value !== undefined && Number.isFinite(Number(value)) ? Number(value) : null
}

export function asksForPause({ status, isUnsent }: WireFailure): boolean {
  return !isUnsent && (status === 429 || status === 418)
}

export function asWireFailure(error: unknown): WireFailure {
  if (error instanceof WireFailure) return error
  const message = withoutQueries(error instanceof Error ? error.message : 'unknown failure')
  const name = error instanceof Error ? error.constructor.name : ''
  if (name === 'RequestTimeout') return new WireFailure({ kind: 'timeout', message, cause: error })
  if (name === 'AuthenticationError') return missingKeys(message)
  return new WireFailure({ kind: 'network', message, cause: error })
}

/** ccxt refuses to sign without keys: nothing was sent. */
function missingKeys(message: string): WireFailure {
  const facts = { kind: 'http', message, status: 401, venueCode: '-2014', isUnsent: true } as const
  return new WireFailure(facts)
}

export function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
