// The account's stream over and over: it connects, says so, tells what it hears, says when it broke, and
// connects again. ccxt's own streams mend a broken line silently, and a mended line has missed what happened in
// between: whatever listens here listens to one connection, until that is over.
import { createHash } from 'node:crypto'

import { pause } from '../clock.ts'
import type { AccountEvent, AccountWatch } from '../port.ts'
import type { VenueKeys } from '../refused-keys.ts'
import type { KeyDoor } from './key-door.ts'
import type { VenueLogger } from './venue-logger.ts'
import type { VenueTime } from './venue-time.ts'

export type ConnectionEnd = {
  /** `refused`: the venue took the connection, and refused the subscription. */
  readonly kind: 'ended' | 'refused-key' | 'refused-time' | 'refused'
  readonly reason: string
}

export type ConnectionListener = {
  readonly onSubscribed: () => void
  /** Reading one may have to wait; null for what says nothing of orders or money. */
  readonly onEvent: (read: () => Promise<AccountEvent | null> | AccountEvent | null) => void
  /** Aborted when nobody listens any more, or with other keys. */
  readonly over: AbortSignal
}

export type AccountStreamOptions = {
  readonly time: VenueTime
  readonly door: KeyDoor
  readonly logger: VenueLogger | undefined
  /** Resolves when one connection is over, for whatever reason; rejects when it cannot be opened. */
  readonly connect: (listener: ConnectionListener) => Promise<ConnectionEnd>
}

/** Real time between attempts: doubled from the first to the last, with a random part. */
const PAUSE_MS = 250
const PAUSE_MS_MAX = 30_000

export class AccountStream implements AccountWatch {
  readonly #options: AccountStreamOptions
  readonly #listener: (event: AccountEvent) => void
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #restarting = new AbortController()
  #failures = 0
  #attempts = 0
  /** Events are told in the order in which they came, although reading one may have to wait. */
  #told: Promise<void> = Promise.resolve()

  constructor(options: AccountStreamOptions, listener: (event: AccountEvent) => void) {
    this.#options = options
    this.#listener = listener
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  /** The keys are others now: the connection is opened anew with them. */
  restart(): void {
    this.#failures = 0
    this.#restarting.abort()
    this.#restarting = new AbortController()
  }

  async #run(): Promise<void> {
    const over = this.#closing.signal
    while (!over.aborted) {
      await this.#options.door.whenOpen(over)
      const { keys } = this.#options.door
      const end = await this.#session()
      if (over.aborted) return
      await this.#learnFrom(end, keys)
      await pause(this.#nextPauseMs(end), over)
    }
  }

  async #session(): Promise<ConnectionEnd> {
    let isSubscribed = false
    const onSubscribed = (): void => {
      isSubscribed = true
      this.#failures = 0
      this.#tell(() => ({ kind: 'connected' }))
    }
    const end = await this.#listen(onSubscribed).catch((error: unknown) => ({
      kind: 'ended' as const,
      reason: error instanceof Error ? error.message : 'not connected',
    }))
    if (!isSubscribed) return end
    this.#tell(() => ({ kind: 'disconnected', reason: end.reason }))
    await this.#told
    return end
  }

  async #listen(onSubscribed: () => void): Promise<ConnectionEnd> {
    const { time, connect } = this.#options
    await time.ensure()
    const over = AbortSignal.any([this.#closing.signal, this.#restarting.signal])
    if (over.aborted) return { kind: 'ended', reason: 'closed by us' }
    return connect({ onSubscribed, over, onEvent: (read) => this.#tell(read) })
  }

  #tell(read: () => Promise<AccountEvent | null> | AccountEvent | null): void {
    this.#told = this.#told.then(async () => {
      if (this.#closing.signal.aborted) return
      try {
        const event = await read()
        if (event !== null) this.#listener(event)
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'not readable'
        this.#options.logger?.warn({ reason }, 'event of the account could not be read')
        this.#listener({ kind: 'gap', reason })
      }
    })
  }

  async #learnFrom({ kind, reason }: ConnectionEnd, keys: VenueKeys | null): Promise<void> {
    const { time, door, logger } = this.#options
    if (kind === 'ended') return
    if (kind === 'refused-key') return door.refuse(reason, keys)
    logger?.warn({ reason }, "account's stream refused")
    if (kind === 'refused-time') await time.measure().catch(() => undefined)
  }

  #nextPauseMs({ kind }: ConnectionEnd): number {
    // A good-bye is no failure: the venue renews its servers, and days end.
    if (kind === 'ended' && this.#failures === 0) {
      this.#failures = 1
      return PAUSE_MS * this.#spread()
    }
    const most = Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** this.#failures)
    this.#failures += 1
    return most * (0.5 + this.#spread() / 2)
  }

  /** From 0 to 1, another one each time and in each process: many that lost a venue do not return at once. */
  #spread(): number {
    this.#attempts += 1
    const seed = `${String(process.pid)} ${String(this.#attempts)}`
    return createHash('sha256').update(seed).digest().readUInt16BE(0) / 65_536
  }
}
