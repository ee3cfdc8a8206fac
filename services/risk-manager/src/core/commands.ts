// What an operator commands: who may, what it changes, and the record of it. Every command that concerns
// the account is recorded, also one that was refused: who, when, why, and what became of it.
import {
  createMessage,
  instant,
  mayPublish,
  TradingStateChanged,
  type MessageOfType,
} from '@flotilla/contracts'
import type { Json, LedgerChange } from '@flotilla/ledger'
import type { BookChange } from './book.ts'
import type { Work } from './decide.ts'
import { changesOf, resumed, type Watched } from './observe.ts'
import { regimeMessages } from './take-stock.ts'
import {
  scopesOf,
  tradingStateKey,
  tradingStates,
  wholeAccount,
  writeTradingState,
  type TradingCommand,
  type TradingStateEntry,
} from './trading-state.ts'

export type CommandMessage = MessageOfType<
  'control.pause.v1' | 'control.resume.v1' | 'control.halt.v1' | 'control.flatten.v1'
>

export type CommandWork = Work & {
  /** `elsewhere`: it is about another account. */
  readonly outcome: 'accepted' | 'refused' | 'elsewhere'
}

export function takeCommand(watched: Watched, message: CommandMessage): CommandWork {
  const { account } = watched.book.account
  const { payload } = message
  if (payload.account !== null && payload.account !== account) {
    return { outcome: 'elsewhere', changes: [], records: [], outgoing: [] }
  }
  if (!mayPublish(message.source, message.type)) {
    const detail = `${message.source} may not command`
    const records = [commandRecord(watched, message, { outcome: 'refused', detail, states: [] })]
    return { outcome: 'refused', changes: [], records, outgoing: [] }
  }
  const command = commandOf(message)
  const moves = movesOf(watched, message, command)
  const isForAll = command === 'resume' && payload.symbol === null
  const anew = isForAll ? resumed(watched) : null
  const states = moves.map(({ scope, from, entry }) => ({ scope, from, to: entry.state }))
  const { book, now } = watched
  return {
    outcome: 'accepted',
    changes: [
      ...moves.map(({ scope, entry }) => stateStored(account, scope, entry)),
      ...(anew === null ? [] : changesOf(book, anew)),
    ],
    records: [commandRecord(watched, message, { outcome: 'accepted', detail: null, states })],
    outgoing: [
      ...(anew === null ? [] : regimeMessages({ book, seen: anew, now, cause: message })),
      ...moves.map(({ scope, entry }) =>
        createMessage(TradingStateChanged, {
          source: 'risk-manager',
          occurredAt: now,
          cause: message,
          discriminator: scope,
          account,
          payload: {
            account,
            symbol: scope === wholeAccount ? null : scope,
            state: entry.state,
            reason: entry.reason,
          },
        }),
      ),
    ],
  }
}

type Move = {
  readonly scope: string
  readonly from: TradingStateEntry['state']
  readonly entry: TradingStateEntry
}

function movesOf({ book }: Watched, message: CommandMessage, command: TradingCommand): Move[] {
  const { reason, requestedBy, symbol } = message.payload
  return scopesOf(book, command, symbol).map((scope) => {
    const before = book.tradingStates.get(scope)
    const from = before?.state ?? 'active'
    const state = tradingStates[from][command]
    const entry = { state, since: message.occurredAt, reason, requestedBy }
    // A second pause changes nothing, neither the reason nor the time of the first.
    return { scope, from, entry: before?.state === state ? before : entry }
  })
}

function stateStored(account: string, scope: string, entry: TradingStateEntry): BookChange {
  const key = tradingStateKey(account, scope)
  return { kind: 'memory-stored', agent: 'risk-manager', key, value: writeTradingState(entry) }
}

/** Kept under the operator's name, in the order of their time. */
function commandRecord(
  { book, now }: Watched,
  message: CommandMessage,
  result: { readonly outcome: string; readonly detail: string | null; readonly states: Json },
): LedgerChange {
  const { account } = book.account
  const { type, messageId, occurredAt, source } = message
  const { requestedBy, reason, symbol } = message.payload
  const key = `command/${account}/${occurredAt}/${messageId}`
  const what = { account, command: type.split('.')[1] ?? type, symbol, requestedBy, source, reason }
  const value = { ...what, occurredAt, recordedAt: instant(now), ...result }
  return { kind: 'memory-stored', agent: 'operator', key, value }
}

/** A flatten ends entries here; the positions are execution's to close. */
function commandOf({ type }: CommandMessage): TradingCommand {
  switch (type) {
    case 'control.pause.v1':
      return 'pause'
    case 'control.resume.v1':
      return 'resume'
    case 'control.halt.v1':
      return 'halt'
    case 'control.flatten.v1':
      return 'flatten'
  }
}
