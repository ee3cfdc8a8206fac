// Forgets what is kept only to recognise what comes twice, or to show what was said.
import type { Connections } from './connections.ts'

/** Rows in one transaction: nobody waits long for a lock, and a statement never runs out of time. */
const ROWS_MAX = 5_000

/** What the bus does not have yet is kept at any age. */
const statements = [
  `delete from inbox where ctid in (
     select ctid from inbox where received_at < now() - $1 * interval '1 ms'
     limit $2 for update skip locked)`,
  `delete from outbox where sequence in (
     select sequence from outbox o where created_at < now() - $1 * interval '1 ms'
       and not exists (select from outbox_waiting w where w.sequence = o.sequence)
     limit $2 for update skip locked)`,
  `delete from commit_slots where slot in (
     select slot from commit_slots where used_at < now() - $1 * interval '1 ms'
     limit $2 for update skip locked)`,
]

export async function prune(connections: Connections, ageMs: number): Promise<void> {
  for (const text of statements) {
    for (let rows = ROWS_MAX; rows === ROWS_MAX;) {
      const done = await connections.run((client) => client.query(text, [ageMs, ROWS_MAX]))
      rows = done.rowCount ?? 0
    }
  }
}
