// The account's stream over and over: it connects, says so, tells what it hears, says when it broke, and
// connects again. ccxt's own streams are no use here: they mend a broken line silently, and a mended line has
// missed what happened in between.
import { createHash } from 'node:crypto'

import { pause } from '../clock.ts'
import type { AccountEvent, AccountWatch } from '../port.ts'
import { accountEventFrom } from './account-events.ts'
import { listenOnSocket, type SocketEnd } from './account-socket.ts'
import type { KeyDoor } from './key-door.ts'
import type { VenueLogger } from './venue-logger.ts'
import type { VenueTime } from './venue-time.ts'
import { isClockSkew, isUnauthorized, WireFailure } from './wire-failure.ts'

export type AccountStreamOptions = {
  /** Address of the WebSocket API. */
  readonly url: string
  readonly apiKey: string
  readonly secret: string
  readonly recvWindowMs: number
  readonly time: VenueTime
  readonly door: KeyDoor
  readonly symbolOf: (wire: string) => Promise<string>
  readonly logger: VenueLogger | undefined
  /** Real milliseconds for connecting. */
  readonly openWithinMs: number
}

/** The venue pings every twenty seconds: a line on which three of them did not come is dead. */
const SILENCE_MS_MAX = 60_000
/** Real time between attempts: doubled from the first to the last, with a random part. */
const PAUSE_MS = 250
const PAUSE_MS_MAX = 30_000

export class AccountStream implements AccountWatch {
  readonly #options: AccountStreamOptions
  readonly #listener: (event: AccountEvent) => void
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
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

  async #run(): Promise<void> {
    const over = this.#closing.signal
    while (!over.aborted) {
      await this.#options.door.whenOpen(over)
      const end = await this.#session()
      if (over.aborted) return
      await this.#learnFrom(end)
      await pause(this.#nextPauseMs(end), over)
    }
  }

  async #session(): Promise<SocketEnd> {
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

  /** Until the connection is over; rejects when it cannot be opened. */
  async #listen(onSubscribed: () => void): Promise<SocketEnd> {
    const { url, apiKey, secret, recvWindowMs, time, openWithinMs } = this.#options
    await time.ensure()
    return listenOnSocket({
      url,
      apiKey,
      secret,
      recvWindowMs,
      openWithinMs,
      silenceMaxMs: SILENCE_MS_MAX,
      onSubscribed,
      venueTime: () => time.current(),
      over: this.#closing.signal,
      onEvent: (event) => this.#tell(() => accountEventFrom(event, this.#options.symbolOf)),
    })
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

  async #learnFrom(end: SocketEnd): Promise<void> {
    const { time, door, logger } = this.#options
    if (end.kind === 'ended') return
    const failure = new WireFailure({
      kind: 'http',
      message: end.reason,
      status: 400,
      venueCode: end.code,
    })
    if (isUnauthorized(failure)) return door.refuse(end.reason)
    logger?.warn({ reason: end.reason }, "account's stream refused")
    if (isClockSkew(failure)) await time.measure().catch(() => undefined)
  }

  #nextPauseMs(end: SocketEnd): number {
    // A good-bye is no failure: the venue renews its servers, and days end.
    if (end.kind === 'ended' && this.#failures === 0) {
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
