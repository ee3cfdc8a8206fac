// One ccxt instance with its one connection, watched until it breaks. ccxt mends a broken connection by
// itself with the next question and hides that it did: here the first break, however it shows, is the end.
import { pause, withDeadline } from '../clock.ts'
import { VenueError } from '../errors.ts'
import { Watchdog, type Timer } from '../watchdog.ts'
import type { CcxtExchange, CcxtStreamClient } from './load-binance.ts'

export type WatchConnectionOptions = {
  /** Of its own: caches and connection are not shared. */
  readonly exchange: CcxtExchange
  readonly openWithinMs: number
  /** Without a message, a ping or a pong for longer it counts as dead. */
  readonly silenceMaxMs: number
  /** Real milliseconds between two subscriptions. */
  readonly spacingMs: number
  readonly timer?: Timer | undefined
  /** A call that must succeed before it counts as open, where the venue wants to know who asks. */
  readonly greeting: readonly [method: string, ...given: unknown[]] | null
  /** Once, when nothing will come any more; not before it was open, and not after `close`. */
  readonly onEnd: (reason: string) => void
}

export class WatchConnection {
  readonly #options: WatchConnectionOptions
  readonly #clients = new Set<CcxtStreamClient>()
  readonly #connected = Promise.withResolvers<void>()
  readonly #watchdog: Watchdog
  readonly #over = new AbortController()
  #isOpen = false
  /** The subscriptions begin one after the other. */
  #turn: Promise<void> = Promise.resolve()

  constructor(options: WatchConnectionOptions) {
    this.#options = options
    const { silenceMaxMs, timer } = options
    this.#watchdog = new Watchdog({
      silenceMaxMs,
      timer,
      onSilence: (reason) => this.end(new Error(reason)),
    })
    // Whoever does not wait for it learns of the end all the same.
    this.#connected.promise.catch(() => undefined)
    this.#listen(options.exchange)
  }

  /** Calls ccxt's `watch...` again and again, and hands on what each answers. */
  follow(method: string, given: readonly unknown[], take: (told: unknown) => void): void {
    this.#followOn(method, given, take).catch((error: unknown) => this.end(error))
  }

  /** Subscribes to what nobody waits for. */
  hold(method: string, ...given: readonly unknown[]): void {
    this.#begin()
      .then(() => (this.#isOver ? undefined : this.#ask(method, given)))
      .catch((error: unknown) => this.end(error))
  }

  /** Throws a `VenueError` when it does not open in time. To be called when something is followed. */
  async opened(): Promise<void> {
    const { openWithinMs, greeting } = this.#options
    if (greeting !== null) {
      const [method, ...given] = greeting
      this.#ask(method, given).then(
        () => this.#connected.resolve(),
        (error: unknown) => this.end(error),
      )
    }
    const expired = `no stream opened within ${String(openWithinMs)} ms`
    await withDeadline(
      this.#connected.promise,
      openWithinMs,
      () => new VenueError('timeout', expired),
    )
    this.#isOpen = true
  }

  /** It cannot be believed any more. */
  end(cause: unknown): void {
    if (this.#isOver) return
    const wasOpen = this.#isOpen
    const failure = failureOf(cause)
    this.#connected.reject(failure)
    this.close()
    if (wasOpen) this.#options.onEnd(failure.message)
  }

  close(): void {
    this.#over.abort()
    this.#watchdog.stop()
    this.#connected.reject(new VenueError('unreachable', 'closed before it was open'))
    // A polite close would wait half a minute for the other side's answer.
    for (const client of this.#clients) client.connection?.terminate()
  }

  get #isOver(): boolean {
    return this.#over.signal.aborted
  }

  /** The first has its turn at once. */
  async #begin(): Promise<void> {
    const mine = this.#turn
    const { spacingMs } = this.#options
    if (spacingMs > 0) this.#turn = mine.then(() => pause(spacingMs, this.#over.signal))
    await mine
  }

  async #followOn(
    method: string,
    given: readonly unknown[],
    take: (told: unknown) => void,
  ): Promise<void> {
    await this.#begin()
    while (!this.#isOver) {
      const told = await this.#ask(method, given)
      if (!this.#isOver) take(told)
    }
  }

  async #ask(method: string, given: readonly unknown[]): Promise<unknown> {
    const { exchange } = this.#options
    const found: unknown = Reflect.get(exchange, method)
    if (typeof found !== 'function') throw new Error(`ccxt has no ${method}`)
    return (await Reflect.apply(found, exchange, given)) as unknown
  }

  /** ccxt binds these when it makes the client of an address: they must be in place before. */
  #listen(exchange: CcxtExchange): void {
    const { client, handleMessage, onConnected, onClose, onError } = exchange
    const { greeting } = this.#options
    exchange.client = (url) => {
      const made = Reflect.apply(client, exchange, [url])
      if (!this.#clients.has(made)) this.#hearPings(made)
      this.#clients.add(made)
      return made
    }
    exchange.handleMessage = (from, message) => {
      this.#watchdog.heard()
      // What is still on its way when it is over would change caches that nobody reads.
      return this.#isOver ? undefined : Reflect.apply(handleMessage, exchange, [from, message])
    }
    exchange.onConnected = (to) => {
      Reflect.apply(onConnected, exchange, [to])
      if (greeting === null) this.#connected.resolve()
    }
    exchange.onClose = (from, event) => {
      Reflect.apply(onClose, exchange, [from, event])
      this.end(new Error(closeReasonOf(event)))
    }
    exchange.onError = (from, error) => {
      Reflect.apply(onError, exchange, [from, error])
      this.end(error)
    }
  }
  #hearPings(client: CcxtStreamClient): void {
    const { onPing, onPong } = client
    client.onPing = () => {
      this.#watchdog.heard()
      return Reflect.apply(onPing, client, [])
    }
    client.onPong = () => {
      this.#watchdog.heard()
      return Reflect.apply(onPong, client, [])
    }
  }
}

function closeReasonOf(event: unknown): string {
  const code: unknown =
    typeof event === 'object' && event !== null ? Reflect.get(event, 'code') : undefined
  return `closed by the venue with code ${String(code)}`
}

/** Alpaca: 401 not authenticated, 402 authentication failed; ccxt leaves them in the text. */
const refusedKey = /code: 40[12] /

function failureOf(cause: unknown): VenueError {
  if (cause instanceof VenueError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  const isRefused =
    refusedKey.test(message) ||
    (cause instanceof Error && cause.constructor.name === 'AuthenticationError')
  return new VenueError(isRefused ? 'unauthorized' : 'unreachable', message, { cause })
}
