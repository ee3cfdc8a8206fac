// What every venue behind ccxt has in common: a clock that is compared, a key that may be refused or changed, limits
// and pauses that can be looked at, and the stream of the account.
import { systemTimeMs } from '../clock.ts'
import type { AccountEvent, AccountWatch, VenueHealth, VenueProfile } from '../port.ts'
import type { VenueKeys } from '../refused-keys.ts'
import type { VenueRow } from '../venue-rows.ts'
import { AccountStream, type ConnectionEnd, type ConnectionListener } from './account-stream.ts'
import type { KeyDoor } from './key-door.ts'
import type { BudgetState } from './request-budget.ts'
import type { VenueLogger } from './venue-logger.ts'
import { VenueTime } from './venue-time.ts'

type KeyedClient = {
  readonly budget: BudgetState
  readonly pausedForMs: number
  useTime(venueTime: () => number): void
  useKeys(keys: VenueKeys): void
  close(): Promise<void>
}

export type KeyedVenueParts = {
  /** Our name of the venue, in messages and tables. */
  readonly name: string
  readonly row: VenueRow
  readonly recvWindowMs: number
  readonly client: KeyedClient
  readonly door: KeyDoor
  /** Market time; requests are stamped with it, after the difference to the venue's clock is added. */
  readonly clock?: { now(): number } | undefined
  /** Real milliseconds between measurements of that difference. */
  readonly timeSyncMs: number
  readonly logger?: VenueLogger | undefined
}

export abstract class KeyedVenue {
  readonly name: string
  readonly profile: VenueProfile
  protected readonly time: VenueTime
  protected readonly door: KeyDoor
  readonly #client: KeyedClient
  readonly #logger: VenueLogger | undefined
  readonly #watches = new Set<AccountStream>()

  protected constructor(parts: KeyedVenueParts) {
    const { name, row, recvWindowMs, client, door, clock, timeSyncMs, logger } = parts
    const { engineTimeoutMs, clientOrderId, accountStream, fillsFrom } = row
    this.name = name
    this.profile = {
      clientOrderIdPattern: clientOrderId.pattern,
      recvWindowMs,
      engineTimeoutMs,
      tellsTransfers: accountStream.tellsTransfers,
      fillsFrom,
    }
    this.door = door
    this.#client = client
    this.#logger = logger
    this.time = new VenueTime({
      ask: () => this.fetchTime(),
      now: () => clock?.now() ?? systemTimeMs(),
      intervalMs: timeSyncMs,
    })
    client.useTime(() => this.time.current())
  }

  abstract fetchTime(): Promise<number>

  /** Listens to the account over one connection, until that is over. */
  protected abstract connect(listener: ConnectionListener): Promise<ConnectionEnd>

  watchAccount(listener: (event: AccountEvent) => void): AccountWatch {
    // Without keys there is no account to tell of.
    if (this.door.keys === null) return { close: () => Promise.resolve() }
    const { time, door } = this
    const connect = (heard: ConnectionListener): Promise<ConnectionEnd> => this.connect(heard)
    const stream = new AccountStream({ time, door, logger: this.#logger, connect }, listener)
    this.#watches.add(stream)
    return stream
  }

  health(): VenueHealth {
    const { pausedForMs, budget } = this.#client
    return { keysRefused: this.door.refusal, pausedForMs, clock: this.time.reading, ...budget }
  }

  async measureClock(): Promise<void> {
    await this.time.measure()
  }

  retryKeys(): void {
    this.door.open()
  }

  useKeys(keys: VenueKeys): boolean {
    if (!this.door.change(keys)) return false
    this.#client.useKeys(keys)
    for (const watch of this.#watches) watch.restart()
    return true
  }

  async close(): Promise<void> {
    await Promise.all([...this.#watches].map((watch) => watch.close()))
    await this.#client.close()
  }
}
