import { instant } from '@flotilla/contracts'
import type { Decision, Json, LedgerReads } from '@flotilla/ledger'
import { withLedger } from '../ledger/with-ledger.ts'
import { painter, table } from '../terminal.ts'
import type { Paint, Terminal } from '../terminal.ts'

export type DecisionsOptions = {
  readonly config?: string
  readonly ledger?: string
  readonly account?: string
  readonly symbol?: string
  readonly verdict?: Decision['verdict']
  readonly code?: string
  readonly since?: number
  readonly until?: number
  readonly limit: number
  readonly checks?: boolean
  readonly json?: boolean
}

/** `flotilla decisions`: what the risk manager decided, newest first; with every check where wished. */
export function showDecisions(options: DecisionsOptions, terminal: Terminal): Promise<number> {
  return withLedger(options, terminal, async (reads) => {
    const decisions = await decisionsOf(reads, options)
    if (options.json === true) {
      terminal.print(JSON.stringify(decisions, null, 2))
      return
    }
    terminal.print(decisionsText(decisions, options, painter(terminal.colors)))
  })
}

async function decisionsOf(
  reads: LedgerReads,
  options: DecisionsOptions,
): Promise<readonly Decision[]> {
  const { account, symbol, verdict, code, since, until, limit } = options
  const accounts =
    account === undefined ? (await reads.loadAccounts()).map((each) => each.account) : [account]
  const wanted = {
    limit,
    ...(symbol === undefined ? {} : { symbol }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(code === undefined ? {} : { code }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { before: until }),
  }
  const found = await Promise.all(
    accounts.map((each) => reads.loadDecisions({ account: each, ...wanted })),
  )
  return found
    .flat()
    .toSorted((one, other) => other.decidedAt - one.decidedAt)
    .slice(0, limit)
}

function decisionsText(
  decisions: readonly Decision[],
  { checks }: DecisionsOptions,
  paint: Paint,
): string {
  if (decisions.length === 0) return 'no such decision'
  const rows = decisions.map((decision) => [
    instant(decision.decidedAt),
    decision.account,
    decision.symbol,
    decision.side,
    decision.verdict,
    decision.intentId,
    decision.verdict === 'denied'
      ? decision.reasons.map((reason) => text(fieldOf(reason, 'code'))).join(', ')
      : sizeOf(decision.sizing),
  ])
  const lines = table(
    [['decided at', 'account', 'symbol', 'side', 'verdict', 'intent', 'why'], ...rows],
    9,
  )
  if (checks !== true) return lines.join('\n')
  return [
    lines[0],
    ...decisions.flatMap((decision, index) => [
      lines[index + 1],
      ...decision.checks.map((check) => `    ${checkLine(check, paint)}`),
    ]),
  ].join('\n')
}

/** `fixed-risk 0.00134 up to 50250, defense x0.5`. */
function sizeOf(sizing: Json): string {
  const adjustments = fieldOf(sizing, 'adjustments')
  const list = Array.isArray(adjustments) ? adjustments : []
  const size = `${text(fieldOf(sizing, 'method'))} ${text(fieldOf(sizing, 'quantity'))}`
  return [size, ...list.map(text)].join(', ')
}

function checkLine(check: Json, paint: Paint): string {
  const outcome = text(fieldOf(check, 'outcome'))
  const color = outcome === 'denied' ? 'red' : outcome === 'adjusted' ? 'yellow' : 'gray'
  const inputs = JSON.stringify(fieldOf(check, 'inputs') ?? {})
  return `${text(fieldOf(check, 'check')).padEnd(20)} ${paint(color, outcome.padEnd(8))} ${inputs}`
}

function fieldOf(value: Json, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return (value as Readonly<Record<string, Json>>)[name] ?? null
}

function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
