// What data-collection says of the market: which symbols may not be traded now, and whose data is not to
// be trusted. Both come over durable queues and are kept in the ledger's memory, so that they hold over
// a restart. They keep entries back and never an exit.
import type { MessageOfType } from '@flotilla/contracts'
import type { Json } from '@flotilla/ledger'
import type { Book, BookChange } from './book.ts'
import { denied, passed, type Check } from './check.ts'

export type FitnessMessage = MessageOfType<
  'market.universe.changed.v1' | 'market.source.state-changed.v1'
>

type Unfit = { readonly reason: string; readonly since: string }
type Trouble = Unfit & { readonly state: 'degraded' | 'disabled' }

export type MarketFitness = {
  /** By venue, then by symbol: what its universe does not let be traded. */
  readonly unfit: Map<string, ReadonlyMap<string, Unfit>>
  /** By source, and by source and symbol: who is not healthy. */
  readonly troubles: Map<string, Trouble>
}

export function noFitness(): MarketFitness {
  return { unfit: new Map(), troubles: new Map() }
}

export const symbolEligible: Check = {
  name: 'symbol-eligible',
  run({ book, intent }) {
    const { symbol, venue } = intent
    const unfit = book.fitness.unfit.get(venue)?.get(symbol)
    if (unfit === undefined) return passed({ symbol })
    return denied({ code: 'symbol_not_eligible', symbol, ...unfit }, { symbol, ...unfit })
  },
}

export const dataSource: Check = {
  name: 'data-source',
  run({ book, intent }) {
    const { symbol, venue: source } = intent
    const { troubles } = book.fitness
    const said = troubles.get(source)
    // A passing fault of the whole source makes no price old: which symbols are, is told of each.
    const whole = said?.state === 'disabled' ? said : undefined
    const trouble = whole ?? troubles.get(sourceName(source, symbol))
    if (trouble === undefined) return passed({ source, state: said?.state ?? 'healthy' })
    const inputs = { source, symbol: whole === undefined ? symbol : null, ...trouble }
    return denied({ code: 'data_source_unreliable', ...inputs }, inputs)
  },
}

/** Each universe is told as a whole, each state of a source by itself. */
export function fitnessChanges(book: Book, message: FitnessMessage): readonly BookChange[] {
  const { account } = book.account
  if (message.type === 'market.source.state-changed.v1') {
    const { source, symbol, state, reason } = message.payload
    const key = `${sourcePrefix(account)}${sourceName(source, symbol ?? null)}`
    const trouble = { state, reason, since: message.occurredAt }
    return [stored(key, state === 'healthy' ? null : trouble)]
  }
  const { venue, symbols } = message.payload
  const before = book.fitness.unfit.get(venue)
  const entries = symbols
    .filter(({ eligible }) => !eligible)
    .map(({ symbol, reason }) => {
      const known = before?.get(symbol)
      const since = known?.reason === reason ? known.since : message.occurredAt
      return [symbol, { reason, since }] as const
    })
  if (entries.length === 0 && before === undefined) return []
  return [stored(`${universePrefix(account)}${venue}`, Object.fromEntries(entries))]
}

/** Takes what the ledger remembers, where the key is one of these. */
export function recallFitness(book: Book, key: string, value: Json): void {
  const { account } = book.account
  const venue = afterPrefix(key, universePrefix(account))
  if (venue !== null) {
    book.fitness.unfit.set(venue, new Map(Object.entries((value ?? {}) as Record<string, Unfit>)))
  }
  const source = afterPrefix(key, sourcePrefix(account))
  if (source === null) return
  if (value === null) book.fitness.troubles.delete(source)
  else book.fitness.troubles.set(source, value as Trouble)
}

const universePrefix = (account: string): string => `universe/${account}/`
const sourcePrefix = (account: string): string => `source/${account}/`

function sourceName(source: string, symbol: string | null): string {
  return symbol === null ? source : `${source} ${symbol}`
}

function afterPrefix(key: string, prefix: string): string | null {
  return key.startsWith(prefix) ? key.slice(prefix.length) : null
}

function stored(key: string, value: Json): BookChange {
  return { kind: 'memory-stored', agent: 'risk-manager', key, value }
}
