import { connect, type ChannelModel } from 'amqplib'
import type { Duplex } from 'node:stream'
import { BusClosedError, TopologyError } from '../bus.ts'
import { sleep } from '../clock.ts'
import { reasonOf } from '../settle.ts'
import { gatherWrites } from './gather-writes.ts'
import { closeConnection } from './goodbye.ts'
import type { RabbitSettings } from './settings.ts'

// One connection to the broker that comes back by itself. Whoever uses it asks for the current
// connection each time and starts over when that one has died.

const RECONNECT_MS = 100
const RECONNECT_MS_MAX = 2_000
/** An unreachable host must not look like a slow one for minutes. */
const CONNECT_MS_MAX = 10_000

export type LinkState = 'connected' | 'reconnecting' | 'blocked' | 'closed'

export class Link {
  #settings: RabbitSettings
  #purpose: string
  #model: ChannelModel | null = null
  #blockedReason: string | null = null
  #lastError: string | null = null
  #refusal: TopologyError | null = null
  #stop = new AbortController()
  #waiters: { resolve: (model: ChannelModel) => void; reject: (error: Error) => void }[] = []
  #blockListeners: (() => void)[] = []
  #supervision: Promise<void>

  constructor(settings: RabbitSettings, purpose: 'publish' | 'consume') {
    this.#settings = settings
    this.#purpose = purpose
    this.#supervision = this.#supervise()
  }

  get state(): LinkState {
    if (this.#stop.signal.aborted) return 'closed'
    if (this.#model === null) return 'reconnecting'
    return this.#blockedReason === null ? 'connected' : 'blocked'
  }

  get detail(): string | null {
    return this.#blockedReason ?? (this.#model === null ? this.#lastError : null)
  }

  /**
   * The living connection; waits for one while there is none.
   * @throws BusClosedError when the link is closed or the signal given up first, TopologyError when
   * the broker refuses us.
   */
  connection(signal?: AbortSignal): Promise<ChannelModel> {
    if (this.#model !== null) return Promise.resolve(this.#model)
    const closed = new BusClosedError('the bus is closed')
    if (this.#stop.signal.aborted) return Promise.reject(this.#refusal ?? closed)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      signal?.addEventListener('abort', () => reject(closed), { once: true })
    })
  }

  /** False from the moment the connection has died, also before anybody could hear of it. */
  isAlive(model: ChannelModel): boolean {
    return this.#model === model
  }

  /** Calls back whenever the broker blocks or unblocks publishing. */
  onBlockChange(listener: () => void): void {
    this.#blockListeners.push(listener)
  }

  /** Gives up the connection for a new one. */
  async reset(): Promise<void> {
    if (this.#model !== null) await closeConnection(this.#model)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    if (this.#model !== null) await closeConnection(this.#model)
    await this.#supervision
  }

  async #supervise(): Promise<void> {
    let failures = 0
    while (!this.#stop.signal.aborted) {
      try {
        const model = await this.#connect()
        failures = 0
        await this.#serve(model)
      } catch (error) {
        this.#lastError = reasonOf(error)
        if (isRefusal(error)) this.#refuse(error)
        else this.#logFailure(failures)
        failures += 1
      }
      const pause = Math.min(RECONNECT_MS * 2 ** failures, RECONNECT_MS_MAX)
      await sleep(pause, this.#stop.signal)
    }
    this.#rejectWaiters(new BusClosedError('the bus is closed'))
  }

  async #connect(): Promise<ChannelModel> {
    const { name, heartbeatSeconds } = this.#settings
    const url = new URL(this.#settings.url)
    if (!url.searchParams.has('heartbeat')) {
      url.searchParams.set('heartbeat', String(heartbeatSeconds))
    }
    // Without noDelay each small message waits for the acknowledgement of the one before it.
    const model = await connect(url.href, {
      noDelay: true,
      keepAlive: true,
      timeout: CONNECT_MS_MAX,
      clientProperties: { connection_name: `${name} (${this.#purpose})` },
    })
    gatherWrites(model)
    return model
  }

  /** Resolves when the connection has died. */
  async #serve(model: ChannelModel): Promise<void> {
    const died = new Promise<string>((resolve) => {
      model.on('close', (error?: Error) => {
        // At once: whoever opens a channel meanwhile asks whether the connection still lives.
        this.#model = null
        resolve(error?.message ?? 'closed by us')
      })
    })
    if (hasEnded(model)) throw new Error('the connection died as soon as it was open')
    // The close event follows and carries the same error.
    model.on('error', () => undefined)
    model.on('blocked', (reason) => this.#setBlocked(reason))
    model.on('unblocked', () => this.#setBlocked(null))
    if (this.#stop.signal.aborted) return closeConnection(model)
    this.#model = model
    this.#log('info', { url: redacted(this.#settings.url) }, 'connected to the broker')
    for (const { resolve } of this.#waiters.splice(0)) resolve(model)
    const reason = await died
    this.#lastError = reason
    this.#blockedReason = null
    if (this.#stop.signal.aborted) return
    this.#log('warn', { reason }, 'lost the connection to the broker')
  }

  #setBlocked(reason: string | null): void {
    this.#blockedReason = reason === null ? null : `publishing is blocked by the broker: ${reason}`
    if (reason === null) this.#log('info', {}, 'the broker takes messages again')
    else this.#log('warn', { reason }, 'the broker takes no messages')
    for (const listener of this.#blockListeners) listener()
  }

  #refuse(error: unknown): void {
    const fatal = new TopologyError(
      `the broker at ${redacted(this.#settings.url)} refuses the user or its password: ` +
        reasonOf(error),
    )
    this.#refusal = fatal
    this.#stop.abort()
    this.#rejectWaiters(fatal)
    this.#settings.onFatal(fatal)
  }

  #rejectWaiters(error: Error): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }

  /** Said when it begins and then every now and then, so that waiting does not flood the log. */
  #logFailure(failures: number): void {
    if (failures !== 0 && failures % 15 !== 0) return
    const { url } = this.#settings
    const fields = { url: redacted(url), reason: this.#lastError, attempts: failures + 1 }
    this.#log('warn', fields, 'waiting for the broker')
  }

  #log(level: 'info' | 'warn', fields: object, phrase: string): void {
    this.#settings.log[level]({ ...fields, connection: this.#purpose }, phrase)
  }
}

/**
 * A connection can die between the broker's last word of opening it and the turn in which we hear
 * of it: its close event has passed then.
 */
function hasEnded(model: ChannelModel): boolean {
  const { stream } = model.connection as { stream?: Duplex }
  // The library's own field; without it the heartbeat would tell, later.
  if (stream === undefined) return false
  return stream.destroyed || stream.readableEnded || stream.writableEnded
}

/** The address without the password. */
function redacted(url: string): string {
  const parts = new URL(url)
  if (parts.password !== '') parts.password = '***'
  return parts.href
}

function isRefusal(error: unknown): boolean {
  return reasonOf(error).includes('403 (ACCESS-REFUSED)')
}
