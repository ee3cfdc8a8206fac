// A few connections that come back by themselves: work is tried again while the server is away.
import { Pool, type PoolClient, type QueryConfig, type QueryResult, type QueryResultRow } from 'pg'
import { monotonicMs, pause } from '../clock.ts'
import type { LedgerLogger } from '../logger.ts'
import { LedgerUnavailableError } from '../port.ts'
import { breaksConnection, isPassing } from './errors.ts'

const PAUSE_MS_MIN = 20
const PAUSE_MS_MAX = 1_000
const CONNECT_MS_MAX = 5_000

export type ConnectionOptions = {
  readonly url: string
  readonly logger: LedgerLogger
  readonly connectionsMax: number
  readonly retryForMs: number
  readonly queryMsMax: number
}

export class Connections {
  readonly #pool: Pool
  readonly #options: ConnectionOptions
  readonly #closing = new AbortController()
  #reason: string | null = null
  #retries = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#pool = new Pool({
      connectionString: options.url,
      max: options.connectionsMax,
      connectionTimeoutMillis: CONNECT_MS_MAX,
      keepAlive: true,
      application_name: 'flotilla-ledger',
      allowExitOnIdle: true,
    })
    // An idle connection that breaks is replaced when it is needed.
    this.#pool.on('error', (error) => this.#note(error))
    // A server that goes away may say so in the same breath as its welcome, when the connection is no
    // longer the pool's and not yet ours: without a listener that would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => {}))
  }

  get reason(): string | null {
    return this.#reason
  }

  get retries(): number {
    return this.#retries
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  /** One statement on a connection of its own, again after passing failures: it must bear that. */
  query<Row extends QueryResultRow = QueryResultRow>(
    text: string | QueryConfig,
    values: readonly unknown[] = [],
  ): Promise<QueryResult<Row>> {
    const asked = typeof text === 'string' ? { text, values: [...values] } : text
    return this.run((client) => ask<Row>(client, asked))
  }

  /** Runs the work on a connection of its own, again after passing failures: it must bear that. */
  async run<T>(
    work: (client: PoolClient) => Promise<T>,
    withinMs = this.#options.queryMsMax,
  ): Promise<T> {
    const deadline = monotonicMs() + this.#options.retryForMs
    for (let wait = PAUSE_MS_MIN; ; wait = Math.min(wait * 2, PAUSE_MS_MAX)) {
      if (this.isClosed) throw new LedgerUnavailableError('it is closed')
      try {
        const result = await this.#once(work, withinMs)
        this.#recovered()
        return result
      } catch (error) {
        if (!isPassing(error)) throw error
        this.#note(error)
        if (monotonicMs() + wait > deadline) {
          throw new LedgerUnavailableError(this.#reason ?? 'no connection', { cause: error })
        }
      }
      this.#retries += 1
      await pause(wait, this.#closing.signal)
    }
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.#closing.abort()
    await this.#pool.end()
  }

  async #once<T>(work: (client: PoolClient) => Promise<T>, withinMs: number): Promise<T> {
    const client = await this.#pool.connect()
    let broken = false
    // While it is lent out its errors come here, and the running query fails with them as well.
    const onError = (): void => {
      broken = true
    }
    client.on('error', onError)
    try {
      return await inTime(work(client), withinMs)
    } catch (error) {
      broken ||= breaksConnection(error)
      throw error
    } finally {
      client.off('error', onError)
      client.release(broken)
    }
  }

  #note(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (this.#reason === null) this.#options.logger.warn({ reason }, 'ledger connection lost')
    this.#reason = reason === '' ? 'no connection' : reason
  }

  #recovered(): void {
    if (this.#reason === null) return
    this.#reason = null
    this.#options.logger.info({}, 'ledger connection is back')
  }
}

/** A connection that hangs half-open must not hold a decision up for ever. */
function inTime<T>(work: Promise<T>, withinMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('statement timeout')), withinMs)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/**
 * Asked for a promise or given a time limit of its own, the driver ties each statement to the one
 * before: every text that was ever sent would stay until the next large collection of garbage, and the
 * small ones would copy it. Asked with a callback it leaves nothing behind.
 */
function ask<Row extends QueryResultRow>(
  client: PoolClient,
  query: QueryConfig,
): Promise<QueryResult<Row>> {
  return new Promise((resolve, reject) => {
    // A copy, because the driver writes into what it is given.
    client.query<Row>({ ...query }, (error: Error | null, result: QueryResult<Row>) => {
      if (error) reject(error)
      else resolve(result)
    })
  })
}
