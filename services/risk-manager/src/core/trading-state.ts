// Whether an account, or one symbol of it, may trade. A command of an operator moves it, it is kept in
// the ledger's memory and so holds across restarts. The stricter of account and symbol counts.
import type { TradingState } from '@flotilla/contracts'
import type { Json } from '@flotilla/ledger'

export type TradingCommand = 'pause' | 'resume' | 'halt' | 'flatten'

/** No command but resume softens what is: a paused account that is flattened says why it is empty. */
export const tradingStates: Readonly<Record<TradingState, Record<TradingCommand, TradingState>>> = {
  active: { pause: 'paused', flatten: 'flattened', halt: 'halted', resume: 'active' },
  paused: { pause: 'paused', flatten: 'flattened', halt: 'halted', resume: 'active' },
  flattened: { pause: 'flattened', flatten: 'flattened', halt: 'halted', resume: 'active' },
  halted: { pause: 'halted', flatten: 'halted', halt: 'halted', resume: 'active' },
}

export type TradingStateEntry = {
  readonly state: TradingState
  readonly since: string
  readonly reason: string
  readonly requestedBy: string
}

/** The scope of the account as a whole. */
export const wholeAccount = '*'

type States = { readonly tradingStates: ReadonlyMap<string, TradingStateEntry> }

/** The entry that forbids most; null when nothing is forbidden. */
export function strictestState(book: States, symbol: string): TradingStateEntry | null {
  const account = book.tradingStates.get(wholeAccount) ?? null
  const own = book.tradingStates.get(symbol) ?? null
  if (account === null || own === null) return own ?? account
  return strictness.indexOf(own.state) > strictness.indexOf(account.state) ? own : account
}

/** What forbids more stands later. */
const strictness: readonly TradingState[] = ['active', 'paused', 'flattened', 'halted']

/** What a command changes: its own scope, and for the whole account every symbol it overrules. */
export function scopesOf(book: States, command: TradingCommand, symbol: string | null): string[] {
  if (symbol !== null) return [symbol]
  if (command !== 'resume') return [wholeAccount]
  return [wholeAccount, ...[...book.tradingStates.keys()].filter((key) => key !== wholeAccount)]
}

const prefix = 'trading-state/'

export function tradingStateKey(account: string, scope: string): string {
  return `${prefix}${account}/${scope}`
}

export function scopeOfTradingState(account: string, key: string): string | null {
  const start = `${prefix}${account}/`
  return key.startsWith(start) ? key.slice(start.length) : null
}

/** Null forgets: active is what needs no entry. */
export function writeTradingState(entry: TradingStateEntry): Json {
  return entry.state === 'active' ? null : { ...entry }
}

export function readTradingState(value: Json): TradingStateEntry | null {
  return value === null ? null : (value as TradingStateEntry)
}
