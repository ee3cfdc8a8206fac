// The database server of the decisions benchmark: made to be one that has run for a while, and asked
// what a commit takes that does next to nothing.
import { Pool } from 'pg'
import { steadily } from './steadily.ts'

/** Files of the log, of sixteen megabytes each: all that the benchmark writes. */
const logFiles = 32

/**
 * A server writes its log into files of before the last checkpoint. A new server has none: it makes one
 * for every four thousand decisions, in the middle of somebody's commit, which is sixteen megabytes of
 * zeros and a wait until the disk has them. After its first checkpoint under load that is over.
 */
export async function useForAWhile(url: string): Promise<void> {
  await withConnection(url, async (pool) => {
    for (let file = 0; file < logFiles; file++) {
      await pool.query(`select pg_logical_emit_message(false, 'bench', 'x')`)
      await pool.query('select pg_switch_wal()')
    }
    await pool.query('checkpoint')
  })
}

/**
 * One row in each transaction, at a steady rate and one after another, while this process does nothing
 * else: milliseconds from when each was due. It is what disk, server and machine take of any commit, and a
 * part of a decision's latency that no risk manager can do anything about.
 */
export async function bareCommits(
  url: string,
  load: { readonly perSecond: number; readonly count: number },
): Promise<number[]> {
  return withConnection(url, async (pool) => {
    await pool.query('create table if not exists bare_commits (text text not null)')
    const insert = { name: 'bare', text: 'insert into bare_commits values ($1)' }
    const values = ['x'.repeat(1_000)]
    return steadily(load, async (due) => {
      await pool.query({ ...insert, values })
      return performance.now() - due
    })
  })
}

/** One connection: who asks meanwhile waits. */
async function withConnection<Result>(
  connectionString: string,
  work: (pool: Pool) => Promise<Result>,
): Promise<Result> {
  const pool = new Pool({ connectionString, max: 1 })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}
