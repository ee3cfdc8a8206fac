// Why entries are stopped by execution itself, beside the trading state of the risk manager: what is
// out of reach, and what is missing at the venue. Exits and protection never ask here.
import type { AnyMessage, EntriesChanged, EntryStopCause } from '@flotilla/contracts'
import type { Logger } from '@flotilla/runtime'
import { entriesChanged } from './core/index.ts'

export type Stop = {
  readonly cause: EntryStopCause
  /** Null: every symbol. */
  readonly asset: string | null
  readonly reason: string
}

export type GateOptions = {
  readonly account: string
  readonly now: () => number
  readonly logger: Logger
  /** Tells the others; the stop holds whether they hear of it or not. */
  readonly publish: (message: AnyMessage) => Promise<void>
}

export class EntriesGate {
  readonly #options: GateOptions
  readonly #stops = new Map<string, Stop>()

  constructor(options: GateOptions) {
    this.#options = options
  }

  get stops(): readonly Stop[] {
    return [...this.#stops.values()]
  }

  /** Null when nothing here keeps an entry of the symbol back. */
  reasonFor(symbol: string): string | null {
    const assets = symbol.split('/')
    const stop = this.stops.find(({ asset }) => asset === null || assets.includes(asset))
    return stop?.reason ?? null
  }

  stop(stop: Stop): void {
    const key = keyOf(stop)
    if (this.#stops.has(key)) return
    this.#stops.set(key, stop)
    this.#options.logger.error(stop, 'entries stopped')
    this.#tell(stop, false)
  }

  lift({ reason, ...which }: Stop): void {
    if (!this.#stops.delete(keyOf(which))) return
    this.#options.logger.warn({ ...which, reason }, 'entries go on')
    this.#tell({ ...which, reason }, true)
  }

  #tell({ cause, asset, reason }: Stop, allowed: boolean): void {
    const { account, now, publish, logger } = this.#options
    const change: EntriesChanged = { account, symbol: null, asset, allowed, cause, reason }
    publish(entriesChanged(change, { now: now() })).catch((err: unknown) => {
      logger.warn({ err, cause }, 'nobody could be told that entries changed')
    })
  }
}

function keyOf({ cause, asset }: Pick<Stop, 'cause' | 'asset'>): string {
  return `${cause} ${asset ?? ''}`
}
