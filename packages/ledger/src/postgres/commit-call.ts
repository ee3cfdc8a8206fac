// The call of the database's commit function: what every decision brings along goes as one array per
// column, documents as lines, the rest as JSON.
import { Decimal } from '@flotilla/money'
import type { Plan, PlanList, PlanRow } from '../plan.ts'
import type { Fence } from '../port.ts'

/** In the order of the function's arguments. */
const COLUMNS: readonly (readonly [PlanList, readonly string[]])[] = [
  ['inbox', ['consumer', 'message_id']],
  [
    'reservations',
    [
      'reservation_id',
      'account',
      'intent_id',
      'asset',
      'amount',
      'consumed',
      'state',
      'created_at',
      'ended_at',
      'end_reason',
    ],
  ],
  [
    'decisions',
    [
      'decision_id',
      'intent_id',
      'account',
      'symbol',
      'side',
      'verdict',
      'checks',
      'reasons',
      'sizing',
      'reservation_id',
      'correlation_id',
      'decided_at',
    ],
  ],
  ['outbox', ['message_id', 'consumer', 'message']],
]

const DOCUMENTS: readonly PlanList[] = [
  'accounts',
  'reservation_steps',
  'balances',
  'order_changes',
  'orders',
  'fills',
  'positions',
  'memory',
]

/** Documents, each a text without line breaks. */
const LINE_COLUMNS = new Set(['checks', 'reasons', 'sizing', 'message'])
const NEEDS_ESCAPE = /["\\]/

const COLUMN_COUNT = COLUMNS.reduce((count, [, columns]) => count + columns.length, 0)
const PARAMETERS = Array.from(
  { length: 4 + COLUMN_COUNT + DOCUMENTS.length },
  (_, index) => `$${index + 1}`,
)
const CALL = `ledger_commit(${PARAMETERS.join(', ')})`
export const COMMIT = { name: 'ledger_commit', text: `select ${CALL}` } as const
/** Few commits close a trade: they alone name one parameter more. False means it was made before. */
export const COMMIT_WITH_TRADES = {
  name: 'ledger_commit_trades',
  text: `select case when ${CALL} then ledger_commit_trades($${PARAMETERS.length + 1}) end`,
} as const

export type CommitSlot = { readonly id: string; readonly sequence: number }

export function planValues(plan: Plan): unknown[] {
  const columns = COLUMNS.flatMap(([list, names]) => {
    const rows = plan[list]
    return names.map((name) => (rows.length === 0 ? null : columnText(rows, name)))
  })
  const documents = DOCUMENTS.map((list) =>
    plan[list].length === 0 ? null : JSON.stringify(plan[list]),
  )
  const trades = plan.trades.length === 0 ? [] : [JSON.stringify(plan.trades)]
  return [...columns, ...documents, ...trades]
}

export function commitValues(
  slot: CommitSlot,
  fence: Fence | undefined,
  plan: readonly unknown[],
): unknown[] {
  return [slot.id, slot.sequence, fence?.role ?? null, fence?.epoch ?? null, ...plan]
}

/** The text of an array as PostgreSQL reads it; documents go as lines. */
function columnText(rows: readonly PlanRow[], name: string): string {
  if (LINE_COLUMNS.has(name)) return rows.map((row) => row[name]).join('\n')
  let text = '{'
  for (const row of rows) text += `${text === '{' ? '' : ','}${elementText(row[name])}`
  return `${text}}`
}

function elementText(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') return String(value)
  if (value instanceof Decimal) return value.toString()
  if (value === null || value === undefined) return 'NULL'
  throw new TypeError(`not a value of a column: ${JSON.stringify(value)}`)
}

function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : `"${text}"`
}
