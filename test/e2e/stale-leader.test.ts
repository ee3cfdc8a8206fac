// The leader of the risk managers is stopped in the middle of its work, another one takes over, and the
// first one wakes up and believes that it leads. FLOTILLA_KEEP_RUNS keeps the logs.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMessage, Pause } from '@flotilla/contracts'
import { openPostgresLedger, StaleFenceError } from '@flotilla/ledger'
import { expect, test } from 'vitest'
import { testNow } from '../../services/risk-manager/src/testing.ts'
import { createTestDatabase, hasPostgres } from '../support/postgres.ts'
import { freshVhost, sharedRabbit } from '../support/rabbitmq-shared.ts'
import { eventually } from './support/eventually.ts'
import { isReady } from './support/process-fleet.ts'
import {
  instances,
  startTwoRiskManagers,
  type TwoRiskManagers,
} from './support/two-risk-managers.ts'

const rabbit = await sharedRabbit()
const limit = { withinMs: 90_000, everyMs: 100 }
/** Each time the other one is paused. */
const TAKEOVERS = 3
const DECISIONS_BETWEEN = 40

test.skipIf(!hasPostgres || rabbit === null)(
  'a risk manager that is paused, overtaken and woken overcommits nothing and loses nothing',
  { timeout: 5 * 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-rivals-'))
    const database = await createTestDatabase()
    const ledger = await openPostgresLedger({ url: database.url })
    const busUrl = await freshVhost(rabbit)
    const two = await startTwoRiskManagers({ databaseUrl: database.url, busUrl, folder })
    try {
      const ready = () => Promise.all(instances.map((each) => isReady(two.member(each))))
      await eventually(ready, (each) => each.includes(true), limit)
      await two.startTraffic()
      await decisions(two, DECISIONS_BETWEEN)
      for (let takeover = 0; takeover < TAKEOVERS; takeover++) {
        const epoch = await overtake(two)
        const stale = ledger.commit([nothing], { role: 'risk-manager:main', epoch })
        await expect(stale).rejects.toThrow(StaleFenceError)
      }
      await pause(two)
      await two.stopTraffic()
      await checkEnd(two)
    } finally {
      await two.stop()
      await ledger.close()
      await database.drop()
      if (process.env['FLOTILLA_KEEP_RUNS'] === undefined) {
        rmSync(folder, { recursive: true, force: true })
      } else console.log('logs kept in', folder)
    }
  },
)

const nothing = { consumer: 'risk-manager', causeId: null, changes: [], outgoing: [] } as const

/** Answers the epoch of the one that was overtaken. */
async function overtake(two: TwoRiskManagers): Promise<number> {
  const before = await eventually(
    () => two.leader(),
    (each) => each !== null,
    limit,
  )
  const { instance, epoch } = before!
  const paused = two.member(instance).process
  const other = instances.find((each) => each !== instance)!
  paused.kill('SIGSTOP')
  await eventually(
    () => two.leader(),
    (each) => each?.instance === other,
    limit,
  )
  await eventually(() => isReady(two.member(other)), Boolean, limit)
  await decisions(two, DECISIONS_BETWEEN)
  paused.kill('SIGCONT')
  // Both are awake now, with what the first one had in its hands when it fell asleep.
  await decisions(two, DECISIONS_BETWEEN)
  await eventually(
    () => isReady(two.member(instance)),
    (ready) => !ready,
    limit,
  )
  return epoch
}

/** Measured, not asserted: with two cores for all of it, a time would say more about them. */
async function pause(two: TwoRiskManagers): Promise<void> {
  expect([...two.codes]).not.toContain('trading_paused')
  const began = performance.now()
  await two.tell(
    createMessage(Pause, {
      source: 'operator',
      occurredAt: testNow,
      discriminator: 'rivals',
      payload: { requestedBy: 'ada', reason: 'a test', account: null, symbol: null },
    }),
  )
  const codes = () => Promise.resolve(two.codes)
  const wait = { ...limit, everyMs: 5 }
  await eventually(codes, (each) => each.has('trading_paused'), wait)
  const tookMs = Math.round(performance.now() - began)
  console.log(`from the pause to the first entry that was denied for it: ${tookMs} ms`)
}

/** Waits until so many more were decided. */
async function decisions(two: TwoRiskManagers, more: number): Promise<void> {
  const count = async () => Number((await two.query('select count(*) from decisions'))[0]!['count'])
  const wanted = (await count()) + more
  await eventually(count, (each) => each >= wanted, limit)
}

async function checkEnd(two: TwoRiskManagers): Promise<void> {
  const { proposed, verdicts, venue, watch } = two
  await eventually(
    async () => proposed.size - verdicts.size,
    (missing) => missing === 0,
    limit,
  )
  // Each intent has one decision, one verdict in the outbox, and one that was heard.
  const decided = await two.query('select intent_id from decisions')
  expect(new Set(decided.map((row) => row['intent_id']))).toEqual(proposed)
  const said =
    await two.query(`select message #>> '{payload,intentId}' as intent, count(*) from outbox
    where message ->> 'type' in ('risk.intent.approved.v1', 'risk.intent.denied.v1') group by 1`)
  expect(said.filter((row) => Number(row['count']) !== 1)).toEqual([])
  expect(said.length).toBe(proposed.size)
  expect([...verdicts.values()].filter((ids) => ids.size !== 1)).toEqual([])

  // Denials alone would show nothing.
  expect(venue.orders.length).toBeGreaterThan(20)

  for (const order of venue.open) await two.tell(venue.cancel(order))
  const held = () => two.query(`select reservation_id from reservations where state = 'held'`)
  await eventually(held, (rows) => rows.length === 0, limit)
  const balances = await two.query('select asset, total::text from balances')
  const owned = new Map(balances.map((row) => [row['asset'], row['total']]))
  for (const [asset, total] of venue.owned) {
    expect(Number(owned.get(asset)) - total.toNumber(), asset).toBe(0)
  }
  expect(watch.wrong).toEqual([])
  expect(watch.looks).toBeGreaterThan(20)
  // What the looks might have missed, the constraint did not: it is checked at every commit.
  const constraint = `select convalidated from pg_constraint where conname = 'balance_not_overcommitted'`
  expect(await two.query(constraint)).toEqual([{ convalidated: true }])
}
