import type { Json, LedgerReads, MemoryEntry } from '@flotilla/ledger'
import { table } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { withLedger } from '../ledger/with-ledger.ts'

export type CommandsOptions = {
  readonly config?: string
  readonly ledger?: string
  readonly account?: string
  readonly limit: number
  readonly json?: boolean
}

type Fields = Readonly<Record<string, Json>>

/** `flotilla commands`: what is paused, flattened or halted now, and who commanded what, when and why. */
export function showCommands(options: CommandsOptions, terminal: Terminal): Promise<number> {
  return withLedger(options, terminal, async (reads) => {
    const { states, commands, refused } = await controlOf(reads, options)
    if (options.json === true) {
      terminal.print(JSON.stringify({ states, commands, refused }, null, 2))
      return
    }
    terminal.print(
      [
        ...stateLines(states),
        '',
        ...commandLines(commands),
        ...(refused.length === 0 ? [] : ['', ...refusedLines(refused)]),
      ].join('\n'),
    )
  })
}

async function controlOf(reads: LedgerReads, { account, limit }: CommandsOptions) {
  const isWanted = (fields: Fields): boolean =>
    account === undefined || fields['account'] === account
  const memory = await reads.recallAll('risk-manager')
  const states = memory.flatMap(stateOf).filter(isWanted)
  const recorded = await reads.recallAll('operator')
  const of = (kind: string): Fields[] =>
    recorded.filter(({ key }) => ownKey(key).startsWith(kind)).map(({ value }) => value as Fields)
  const newest = (fields: Fields[], name: string): Fields[] =>
    fields
      .toSorted((one, other) => text(other[name]).localeCompare(text(one[name])))
      .slice(0, limit)
  return {
    states,
    commands: newest(of('command/').filter(isWanted), 'occurredAt'),
    refused: newest(of('refused-request/'), 'minute'),
  }
}

/** Agents of further accounts keep their memory under the account's name. */
function ownKey(key: string): string {
  return key.replace(/^@[^/]+\//, '')
}

function stateOf({ key, value }: MemoryEntry): Fields[] {
  const match = /^trading-state\/([^/]+)\/(.+)$/.exec(ownKey(key))
  if (match === null || typeof value !== 'object' || value === null) return []
  const [, account = '', scope = ''] = match
  return [{ account, symbol: scope === '*' ? null : scope, ...(value as Fields) }]
}

function stateLines(states: readonly Fields[]): string[] {
  if (states.length === 0) return ['nothing is paused, flattened or halted']
  const names = ['account', 'symbol', 'state', 'since', 'requestedBy', 'reason']
  return table([names, ...states.map((each) => rowOf(each, names))], 9)
}

function commandLines(commands: readonly Fields[]): string[] {
  if (commands.length === 0) return ['no command was recorded']
  const names = ['occurredAt', 'account', 'command', 'symbol', 'requestedBy', 'source', 'outcome']
  return table(
    [
      [...names, 'reason'],
      ...commands.map((each) => [...rowOf(each, names), text(each['detail'] ?? each['reason'])]),
    ],
    9,
  )
}

function refusedLines(refused: readonly Fields[]): string[] {
  const names = ['minute', 'count', 'path']
  const heading = ['requests without the token, by minute', 'count', 'the last asked for']
  return table([heading, ...refused.map((each) => rowOf(each, names))], 9)
}

function rowOf(fields: Fields, names: readonly string[]): string[] {
  return names.map((name) =>
    fields[name] === null && name === 'symbol' ? 'all' : text(fields[name]),
  )
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
}
