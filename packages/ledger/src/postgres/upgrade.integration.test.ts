// A database that an earlier version has filled is brought to the newest schema with all that is in it.
import { join } from 'node:path'
import { Decimal } from '@flotilla/money'
import { runner } from 'node-pg-migrate'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { createTestDatabase, hasPostgres } from '../../../../test/support/postgres.ts'
import type { Ledger, Unit } from '../port.ts'
import {
  adjust,
  decision,
  fill,
  funded,
  hold,
  message,
  order,
  outcomesOf,
  position,
  release,
  START,
  trade,
  unit,
} from '../testing/index.ts'
import { snapshot } from '../testing/snapshot.ts'
import { openPostgresLedger } from './postgres-ledger.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'migrations')

/** Parents before their children. */
const TABLES = [
  'accounts',
  'balances',
  'reservations',
  'decisions',
  'orders',
  'fills',
  'positions',
  'agent_memory',
  'inbox',
  'outbox',
  'outbox_waiting',
  'leadership',
  'trades',
] as const

/** What the earlier version did not know of a trade. */
const undecided = {
  entrySlippageDecided: null,
  entrySlippageDecidedPercent: null,
  exitSlippageDecided: null,
  exitSlippageDecidedPercent: null,
} as const

/** A row of each kind. */
const before: readonly Unit[] = [
  funded('1000.000000000001'),
  unit([hold('r-1', '10'), hold('r-2', '20')], {
    causeId: 'cause-1',
    outgoing: [message('m-1'), message('m-2')],
  }),
  unit([
    { kind: 'decision-recorded', decision: decision({ decisionId: 'd-1', intentId: 'i-1' }) },
    { kind: 'order-created', order: order({ clientOrderId: 'o-1', details: { note: 'a "b"' } }) },
    { kind: 'fill-recorded', fill: fill({ tradeId: 't-1', clientOrderId: 'o-1' }) },
    { kind: 'position-changed', position: position() },
    {
      kind: 'memory-stored',
      agent: 'strategy',
      key: 'k-1',
      value: { text: 'line\nline', list: [1] },
    },
  ]),
]

const journal = unit([
  { kind: 'trade-closed', trade: trade({ openingTradeId: 't-1', ...undecided }) },
])

/** What goes on after it. */
const after: readonly Unit[] = [
  unit([], { causeId: 'cause-1' }),
  unit([release({ reservationId: 'r-1', amount: '10' }), adjust('USDT', '-1')], {
    causeId: 'cause-2',
    outgoing: [message('m-3')],
  }),
  unit([
    { kind: 'decision-recorded', decision: decision({ decisionId: 'd-2', intentId: 'i-2' }) },
    {
      kind: 'order-changed',
      order: order({
        clientOrderId: 'o-1',
        version: 2,
        state: 'filled',
        filledQuantity: Decimal.from('0.001'),
        updatedAt: START + 1,
      }),
    },
    { kind: 'trade-closed', trade: trade({ openingTradeId: 't-2' }) },
    { kind: 'memory-stored', agent: 'strategy', key: 'k-1', value: null },
  ]),
]

async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>) {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** The first so many migrations alone, as they were when that was all there was. */
async function goBack(url: string, count: number): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('drop schema public cascade; create schema public')
    await runner({
      dbClient: client,
      dir: FOLDER,
      direction: 'up',
      count,
      migrationsTable: 'ledger_migrations',
      log: () => undefined,
    })
  })
}

/** Row by row, as far as the older table has the columns. */
async function copyRows(from: string, to: string): Promise<void> {
  for (const table of TABLES) {
    const rows = await withClient(from, async (client) => {
      const { rows: found } = await client.query<{ row: unknown }>(
        `select row_to_json(t) as row from ${table} t`,
      )
      return found.map(({ row }) => row)
    })
    if (rows.length === 0) continue
    await withClient(to, (client) =>
      client.query(
        `insert into ${table} overriding system value
           select * from json_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(rows)],
      ),
    )
  }
  await withClient(to, (client) =>
    client.query(
      `select setval(pg_get_serial_sequence('outbox', 'sequence'), max(sequence)) from outbox`,
    ),
  )
}

async function goOn(ledger: Ledger): Promise<object> {
  expect(await outcomesOf(ledger, after)).toEqual(['duplicate', 'committed', 'committed'])
  return snapshot(ledger)
}

describe.skipIf(!hasPostgres)('a ledger of an earlier version', () => {
  it.each([
    [3, 'before there was a journal of trades', before],
    [4, 'before slippage had two parts', [...before, journal]],
    [5, 'before documents came as lines', [...before, journal]],
  ])('of %d migrations, %s, is what it was and goes on', async (count, _when, units) => {
    const [present, past] = [await createTestDatabase(), await createTestDatabase()]
    try {
      const newest = await openPostgresLedger({ url: present.url })
      expect(new Set(await outcomesOf(newest, units))).toEqual(new Set(['committed']))
      await goBack(past.url, count)
      await copyRows(present.url, past.url)
      // Two agents that start at once: one brings it up to date, the other waits for that.
      const [upgraded, other] = await Promise.all([
        openPostgresLedger({ url: past.url }),
        openPostgresLedger({ url: past.url }),
      ])
      expect(await snapshot(upgraded)).toEqual(await snapshot(newest))
      expect(await goOn(upgraded)).toEqual(await goOn(newest))
      expect(await snapshot(other)).toEqual(await snapshot(newest))
      for (const ledger of [newest, upgraded, other]) await ledger.close()
    } finally {
      await present.drop()
      await past.drop()
    }
  })
})
