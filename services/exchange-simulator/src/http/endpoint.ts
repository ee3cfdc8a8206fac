import type { Desk } from '../desk.ts'
import {
  ParameterReader,
  refusals,
  statusOf,
  type Feed,
  type Parameters,
  type Refusal,
} from '../core/index.ts'

/** WS is what no HTTP request can be: methods that only the WebSocket API has. */
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'WS'

export type Reply = {
  readonly kind: 'reply'
  readonly body: unknown
  /** Without it 200. Nothing has happened when it is 400; 409 is half a success. */
  readonly status?: 400 | 409
  /** Orders that were placed: they count against the order limits until their first fill. */
  readonly placed?: number
  /** A placed or cancelled order is free of weight. */
  readonly isFree?: boolean
}

export type Call = {
  readonly desk: Desk
  readonly parameters: Parameters
}

export type Endpoint = {
  readonly method: Method
  readonly path: string
  readonly weight: number | ((parameters: Parameters) => number)
  /** signed: key, time and signature; key: the key alone. */
  readonly security: 'none' | 'key' | 'signed'
  /** Whatever else is sent is refused. */
  readonly parameters: readonly string[]
  readonly handle: (call: Call) => Reply | Refusal
}

export function reply(body: unknown): Reply {
  return { kind: 'reply', body }
}

/** The market that the request names, with a reader for its other parameters. */
export function withFeed(
  call: Call,
  use: (feed: Feed, reader: ParameterReader) => Reply | Refusal,
): Reply | Refusal {
  const reader = new ParameterReader(call.parameters)
  const symbol = reader.mandatoryText('symbol')
  if (reader.refusal !== null) return reader.refusal
  const feed = call.desk.feeds.get(symbol)
  return feed === undefined ? refusals.invalidSymbol() : use(feed, reader)
}

type Feeds = { readonly feeds: readonly Feed[]; readonly isOne: boolean }

/** The markets of `symbol`, of `symbols` (a JSON array) or all; one alone is answered as an object. */
export function feedsOf({ desk, parameters }: Call): Feeds | Refusal {
  const status = parameters.get('symbolStatus')
  if (status !== undefined && !STATUSES.includes(status)) {
    return refusals.invalidData('symbolStatus')
  }
  const isAsked = ({ market }: Feed): boolean => status === undefined || statusOf(market) === status
  const symbols = symbolsIn(parameters)
  if (symbols === null) return { feeds: [...desk.feeds.values()].filter(isAsked), isOne: false }
  if ('kind' in symbols) return symbols
  const feeds = symbols.flatMap((symbol) => desk.feeds.get(symbol) ?? [])
  if (feeds.length < symbols.length) return refusals.invalidSymbol()
  return feeds.every(isAsked) ? { feeds, isOne: parameters.has('symbol') } : refusals.otherStatus()
}

/** Null when none is named. */
function symbolsIn(parameters: Parameters): readonly string[] | Refusal | null {
  const one = parameters.get('symbol')
  const many = parameters.get('symbols')
  if (one !== undefined && many !== undefined) return refusals.invalidCombination()
  if (one !== undefined) return [one]
  if (many === undefined) return null
  return readSymbols(many) ?? refusals.illegalCharacters('symbols', SYMBOLS_RANGE)
}

const STATUSES = ['TRADING', 'HALT', 'BREAK']

const SYMBOLS_RANGE = String.raw`^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$`

function readSymbols(text: string): string[] | null {
  if (!new RegExp(SYMBOLS_RANGE).test(text)) return null
  return JSON.parse(text) as string[]
}

/** How many rows are wanted: more than there may be is the most that there may be. */
export function limitOf(reader: ParameterReader, normal: number, most: number): number {
  const limit = reader.integer('limit') ?? normal
  if (limit === 0) reader.refuse(refusals.invalidData('limit'))
  return Math.min(limit, most)
}

/** Rows are sent as one object when one symbol was asked for by name. */
export function oneOrMany(rows: readonly unknown[], isOne: boolean): Reply {
  return reply(isOne ? rows[0] : rows)
}
