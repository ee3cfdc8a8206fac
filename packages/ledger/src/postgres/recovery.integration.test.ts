// What a ledger does when the server or the way to it fails in the middle of its work.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, it, vi } from 'vitest'
import { createTestDatabase, hasPostgres } from '../../../../test/support/postgres.ts'
import { LedgerUnavailableError, StaleFenceError } from '../port.ts'
import { startPrivatePostgres } from '../private-postgres/private-postgres.ts'
import { adjust, funded, message, unit } from '../testing/index.ts'
import { createUnitProcessor } from '../unit-processor.ts'
import { openPostgresLedger } from './postgres-ledger.ts'

const PATIENCE = { timeout: 60_000, interval: 20 }

describe.skipIf(!hasPostgres)('the PostgreSQL ledger', () => {
  it('commits exactly once when the answer to a commit is lost', async () => {
    const database = await createTestDatabase()
    const cut = await proxy(database.url)
    const ledger = await openPostgresLedger({ url: cut.url })
    await ledger.commit([funded('10')])
    for (let round = 1; round <= 5; round++) {
      cut.swallowNextAnswer()
      const outcomes = await ledger.commit([
        unit([adjust('USDT', '1')]),
        unit([adjust('USDT', '1')]),
      ])
      expect(outcomes).toEqual([{ kind: 'committed' }, { kind: 'committed' }])
    }
    expect(cut.swallowed()).toBe(5)
    expect((await ledger.loadBalances('paper'))[0]?.total.toString()).toBe('20')
    expect(ledger.health().retries).toBeGreaterThanOrEqual(5)
    await ledger.close()
    await cut.close()
    await database.drop()
  })

  it('survives connections that are cut by the server while units pour in', async () => {
    const database = await createTestDatabase()
    const ledger = await openPostgresLedger({ url: database.url })
    await ledger.commit([funded('0')])
    const killer = new Client({ connectionString: database.url })
    await killer.connect()
    const units = Array.from({ length: 300 }, () => unit([adjust('USDT', '1')]))
    const processor = createUnitProcessor({
      ledger,
      consumer: 'risk-manager',
      publish: async () => {},
      batchMax: 3,
    })
    const outcomes = Promise.all(units.map((each) => processor.submit(each)))
    for (let round = 0; round < 10; round++) {
      await killer.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`)
    }
    expect(new Set((await outcomes).map((each) => each.kind))).toEqual(new Set(['committed']))
    expect((await ledger.loadBalances('paper'))[0]?.total.toString()).toBe('300')
    await processor.stop()
    await killer.end()
    await ledger.close()
    await database.drop()
  })

  it('loses and doubles nothing when the server is killed again and again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-recovery-'))
    // The server runs as another user when we are root; out of its reach the data would lie elsewhere, and stay.
    chmodSync(folder, 0o755)
    const server = await startPrivatePostgres({ folder })
    const ledger = await openPostgresLedger({ url: server.url, retryForMs: 120_000 })
    await ledger.commit([funded('0')])
    const published: string[] = []
    const processor = createUnitProcessor({
      ledger,
      consumer: 'risk-manager',
      publish: async (messages) => {
        published.push(...messages.map((each) => each.messageId))
      },
      batchMax: 5,
    })
    const messages = Array.from({ length: 600 }, (_, index) => message(`m${index}`))
    const outcomes = Promise.all(
      messages.map((each) => processor.submit(unit([adjust('USDT', '1')], { outgoing: [each] }))),
    )
    for (let kill = 1; kill <= 3; kill++) {
      const target = kill * 150
      await vi.waitFor(() => expect(published.length).toBeGreaterThanOrEqual(target), PATIENCE)
      const pid = await vi.waitFor(
        () => server.pid() ?? Promise.reject(new Error('down')),
        PATIENCE,
      )
      process.kill(pid, 'SIGKILL')
    }
    expect(new Set((await outcomes).map((each) => each.kind))).toEqual(new Set(['committed']))
    await processor.flush()
    expect((await ledger.loadBalances('paper'))[0]?.total.toString()).toBe('600')
    expect(published).toEqual(messages.map((each) => each.messageId))
    await processor.stop()
    await ledger.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('says so when the server stays away, and works again when it is back', async () => {
    const database = await createTestDatabase()
    const cut = await proxy(database.url)
    const ledger = await openPostgresLedger({ url: cut.url, retryForMs: 300 })
    cut.refuse(true)
    await expect(ledger.commit([funded('1')])).rejects.toBeInstanceOf(LedgerUnavailableError)
    expect(ledger.health().state).toBe('reconnecting')
    cut.refuse(false)
    expect(await ledger.commit([funded('1')])).toEqual([{ kind: 'committed' }])
    expect(ledger.health()).toMatchObject({ state: 'connected', reason: null })
    await ledger.close()
    await cut.close()
    await database.drop()
  })

  it('asks again where no answer comes in time, and commits once', async () => {
    const database = await createTestDatabase()
    const ledger = await openPostgresLedger({ url: database.url, queryMsMax: 2_000 })
    await ledger.commit([funded('1')])
    const blocker = new Client({ connectionString: database.url })
    await blocker.connect()
    await blocker.query('begin; select * from balances for update')
    const { retries } = ledger.health()
    const commit = ledger.commit([unit([adjust('USDT', '1')])])
    await expect.poll(() => ledger.health().retries, PATIENCE).toBeGreaterThan(retries)
    await blocker.query('commit')
    expect(await commit).toEqual([{ kind: 'committed' }])
    expect((await ledger.loadBalances('paper'))[0]?.total.toString()).toBe('2')
    await blocker.end()
    await ledger.close()
    await database.drop()
  })

  it('makes a successor wait for the commit that is under way', async () => {
    const database = await createTestDatabase()
    const ledger = await openPostgresLedger({ url: database.url })
    const request = { role: 'risk', holder: 'a', instance: 'a', leaseMs: 60_000 }
    const fence = { role: 'risk', epoch: (await ledger.acquireLease(request))!.epoch }
    await ledger.commit([funded('1')], fence)
    const blocker = new Client({ connectionString: database.url })
    await blocker.connect()
    await blocker.query('begin; select * from balances for update')
    const commit = ledger.commit([unit([adjust('USDT', '1')])], fence)
    // Of this database alone: other tests use the same server.
    const waiting = async (): Promise<unknown> => {
      const { rows } = await blocker.query(`select count(*)::int as n from pg_locks
        where not granted and pid in (select pid from pg_locks join pg_database as here
          on here.oid = database where datname = current_database())`)
      return rows[0]?.n
    }
    await expect.poll(waiting, PATIENCE).toBe(1)
    const order: string[] = []
    const successor = ledger
      .acquireLease(request)
      .then((lease) => order.push(`epoch ${lease?.epoch}`))
    await expect.poll(waiting, PATIENCE).toBeGreaterThanOrEqual(2)
    const committed = commit.then(() => order.push('commit'))
    await blocker.query('commit')
    await Promise.all([committed, successor])
    expect(order.toSorted()).toEqual(['commit', 'epoch 2'])
    expect((await ledger.loadBalances('paper'))[0]?.total.toString()).toBe('2')
    await expect(ledger.commit([unit([])], fence)).rejects.toBeInstanceOf(StaleFenceError)
    await blocker.end()
    await ledger.close()
    await database.drop()
  })

  it('is migrated once when many open it at the same time', async () => {
    const database = await createTestDatabase()
    const client = new Client({ connectionString: database.url })
    await client.connect()
    await client.query('drop schema public cascade; create schema public')
    const ledgers = await Promise.all(
      Array.from({ length: 4 }, () => openPostgresLedger({ url: database.url })),
    )
    expect(await ledgers[0]!.commit([funded('1')])).toEqual([{ kind: 'committed' }])
    expect(await ledgers[3]!.loadAccount('paper')).not.toBeNull()
    await client.end()
    for (const ledger of ledgers) await ledger.close()
    await database.drop()
  })

  it('has right sums in the views for the auditor', async () => {
    const database = await createTestDatabase()
    const ledger = await openPostgresLedger({ url: database.url })
    const client = new Client({ connectionString: database.url })
    await client.connect()
    const differences = async (view: string): Promise<number | null> =>
      (await client.query(`select * from ${view}`)).rowCount
    await ledger.commit([funded('10'), unit([adjust('USDT', '1')])])
    expect(await differences('reservation_differences')).toBe(0)
    await client.query('update balances set reserved = 3')
    expect(await differences('reservation_differences')).toBe(1)
    expect(await differences('position_differences')).toBe(0)
    await client.end()
    await ledger.close()
    await database.drop()
  })
})

type Proxy = {
  readonly url: string
  /** Passes the next commit on to the server, but cuts the connection when it answers. */
  swallowNextAnswer(): void
  swallowed(): number
  /** Cuts all connections and takes no new ones. */
  refuse(isAway: boolean): void
  close(): Promise<void>
}

async function proxy(target: string): Promise<Proxy> {
  const address = new URL(target)
  const sockets = new Set<Socket>()
  let armed = false
  let away = false
  let swallowed = 0
  const server: Server = createServer((near) => {
    if (away) {
      near.destroy()
      return
    }
    const far = connect(Number(address.port), address.hostname)
    let cutting = false
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (chunk) => {
      if (armed && chunk.includes('ledger_commit')) {
        armed = false
        cutting = true
      }
      far.write(chunk)
    })
    far.on('data', (chunk) => {
      if (!cutting) {
        near.write(chunk)
        return
      }
      swallowed += 1
      near.destroy()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve())
  })
  const own = server.address()
  const url = new URL(target)
  url.port = String(typeof own === 'object' && own !== null ? own.port : 0)
  return {
    url: url.href,
    swallowNextAnswer: () => {
      armed = true
    },
    swallowed: () => swallowed,
    refuse: (isAway) => {
      away = isAway
      if (isAway) for (const socket of sockets) socket.destroy()
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
