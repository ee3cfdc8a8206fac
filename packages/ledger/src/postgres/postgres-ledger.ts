// The ledger on PostgreSQL.
import type { AnyMessage } from '@flotilla/contracts'
import type { LedgerLogger } from '../logger.ts'
import { silentLogger } from '../logger.ts'
import type { Fence, Lease, LeaseRequest, Ledger, LedgerHealth, OutboxEntry } from '../port.ts'
import { Committer } from './committer.ts'
import { Connections } from './connections.ts'
import { migrate } from './migrate.ts'
import { prune } from './prune.ts'
import { postgresReads } from './reads.ts'

export type PostgresLedgerOptions = {
  readonly url: string
  readonly logger?: LedgerLogger
  /** 4 unless told otherwise: commits are batched, so that few connections carry much. */
  readonly connectionsMax?: number
  /** How long work is tried again while the server is away; 30 s unless told otherwise. */
  readonly retryForMs?: number
  /** A statement without an answer for this long counts as lost; 20 s unless told otherwise. */
  readonly queryMsMax?: number
}

/** Includes the wait for another agent that migrates at the same moment. */
const MIGRATION_MS_MAX = 120_000

/** Waits for the server, brings the schema up to date and gives the ledger. */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<Ledger> {
  const connections = new Connections({
    url: options.url,
    logger: options.logger ?? silentLogger,
    connectionsMax: options.connectionsMax ?? 4,
    retryForMs: options.retryForMs ?? 30_000,
    queryMsMax: options.queryMsMax ?? 20_000,
  })
  try {
    await connections.run(migrate, MIGRATION_MS_MAX)
  } catch (error) {
    await connections.close()
    throw error
  }
  const committer = new Committer(connections)
  return {
    ...postgresReads(connections),
    ...outbox(connections),
    ...leases(connections),
    commit: (units, fence) => committer.commit(units, fence),
    prune: (before) => prune(connections, before.ageMs),
    health: () => health(connections, committer),
    close: () => connections.close(),
  }
}

function health(connections: Connections, committer: Committer): LedgerHealth {
  const { reason, retries } = connections
  const { batches, units } = committer
  const open = reason === null ? 'connected' : 'reconnecting'
  return { state: connections.isClosed ? 'closed' : open, reason, batches, units, retries }
}

function outbox(connections: Connections): Pick<Ledger, 'unpublished' | 'markPublished'> {
  return {
    unpublished: async (consumer, limit, age) => {
      const text = `select sequence, message from outbox_waiting w join outbox o using (sequence)
        where w.consumer = $1 and o.created_at <= now() - $3 * interval '1 ms'
        order by sequence limit $2`
      const { rows } = await connections.run((client) =>
        client.query<{ sequence: string; message: AnyMessage }>(text, [
          consumer,
          limit,
          age?.atLeastMs ?? 0,
        ]),
      )
      return rows.map((row): OutboxEntry => ({
        sequence: Number(row.sequence),
        message: row.message,
      }))
    },
    markPublished: async (messageIds) => {
      if (messageIds.length === 0) return
      // A mark that is lost in a crash means one message more, which its consumers recognise: it is
      // not worth a wait for the disk.
      const text = `with fast as (select set_config('synchronous_commit', 'off', true))
        delete from outbox_waiting w using outbox o, fast
        where o.message_id = any($1) and w.sequence = o.sequence and w.consumer = o.consumer`
      await connections.query(text, [[...messageIds]])
    },
  }
}

type Leases = Pick<Ledger, 'acquireLease' | 'renewLease' | 'releaseLease'>

function leases(connections: Connections): Leases {
  return {
    acquireLease: (request) => acquireLease(connections, request),
    renewLease: async (fence, leaseMs) => {
      const text = `update leadership set expires_at = clock_timestamp() + $3 * interval '1 ms'
        where role = $1 and epoch = $2`
      const values = [fence.role, fence.epoch, leaseMs]
      const { rowCount } = await connections.run((client) => client.query(text, values))
      return rowCount === 1
    },
    releaseLease: async (fence: Fence) => {
      const text =
        'update leadership set expires_at = clock_timestamp() where role = $1 and epoch = $2'
      await connections.run((client) => client.query(text, [fence.role, fence.epoch]))
    },
  }
}

/** The server's clock alone decides, so that the machines' clocks need not agree. */
async function acquireLease(
  connections: Connections,
  request: LeaseRequest,
): Promise<Lease | null> {
  const text = `insert into leadership (role, epoch, holder, instance, expires_at)
    values ($1, 1, $2, $3, clock_timestamp() + $4 * interval '1 ms')
    on conflict (role) do update
      set epoch = leadership.epoch + 1, holder = excluded.holder, instance = excluded.instance,
          expires_at = excluded.expires_at
      where leadership.expires_at <= clock_timestamp() or leadership.instance = excluded.instance
    returning epoch`
  const { role, holder, instance, leaseMs } = request
  const { rows } = await connections.run((client) =>
    client.query<{ epoch: string }>(text, [role, holder, instance, leaseMs]),
  )
  const row = rows[0]
  return row === undefined ? null : { epoch: Number(row.epoch), holder, remainingMs: leaseMs }
}
