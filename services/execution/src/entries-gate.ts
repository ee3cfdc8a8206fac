// Why entries are stopped by execution itself, beside the trading state of the risk manager: what is
// out of reach, and what is missing at the venue. Exits and protection never ask here.
import { instant, type AnyMessage, type EntriesChanged } from '@flotilla/contracts'
import type { KeptStop } from '@flotilla/lineage'
import { realClock, type Logger } from '@flotilla/runtime'
import { entriesChanged } from './core/index.ts'

/** What stops entries; since when is written down here. */
export type Stop = Omit<KeptStop, 'since'>

export type GateOptions = {
  readonly account: string
  readonly now: () => number
  readonly logger: Logger
  /** Tells the others; the stop holds whether they hear of it or not. */
  readonly publish: (message: AnyMessage) => Promise<void>
}

/** More would be a flapping line; the newest say how it stands. */
const UNTOLD_MAX = 100

/** Real milliseconds. A line that was cut may never answer; the same message is told again then. */
const TOLD_WITHIN_MS = 10_000

export class EntriesGate {
  readonly #options: GateOptions
  readonly #stops = new Map<string, KeptStop>()
  /** What nobody could be told yet, oldest first. */
  readonly #untold: AnyMessage[] = []
  #telling: Promise<void> | null = null
  /** Told when another stop is in force, or one is over. */
  onChange: () => void = () => {}

  constructor(options: GateOptions) {
    this.#options = options
  }

  get stops(): readonly KeptStop[] {
    return [...this.#stops.values()]
  }

  /** Those that keep an entry of the symbol back. */
  stopsFor(symbol: string): readonly KeptStop[] {
    const assets = symbol.split('/')
    return this.stops.filter(({ asset }) => asset === null || assets.includes(asset))
  }

  /** Null when nothing here keeps an entry of the symbol back. */
  reasonFor(symbol: string): string | null {
    const [stop] = this.stopsFor(symbol)
    if (stop === undefined) return null
    const { cause, reason, since } = stop
    return `${reason} (${cause} since ${instant(since)})`
  }

  stop(stop: Stop): void {
    const key = keyOf(stop)
    if (this.#stops.has(key)) return
    this.#stops.set(key, { ...stop, since: this.#options.now() })
    this.#options.logger.error(stop, 'entries stopped')
    this.#tell(stop, false)
    this.onChange()
  }

  lift({ reason, ...which }: Stop): void {
    if (!this.#stops.delete(keyOf(which))) return
    this.#options.logger.warn({ ...which, reason }, 'entries go on')
    this.#tell({ ...which, reason }, true)
    this.onChange()
  }

  #tell({ cause, asset, reason }: Stop, allowed: boolean): void {
    const { account, now } = this.#options
    const change: EntriesChanged = { account, symbol: null, asset, allowed, cause, reason }
    this.#untold.push(entriesChanged(change, { now: now() }))
    if (this.#untold.length > UNTOLD_MAX) this.#untold.shift()
    void this.tellOn()
  }

  /** A bus that is away is often the very reason: what could not be told is told as soon as it can be. */
  tellOn(): Promise<void> {
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = null
    })
    return this.#telling
  }

  async #tellAll(): Promise<void> {
    try {
      for (let next = this.#untold[0]; next !== undefined; next = this.#untold[0]) {
        await this.#publish(next)
        if (this.#untold[0] === next) this.#untold.shift()
      }
    } catch (err) {
      const untold = this.#untold.length
      this.#options.logger.warn({ err, untold }, 'nobody could be told that entries changed')
    }
  }

  async #publish(message: AnyMessage): Promise<void> {
    const answered = new AbortController()
    const late = tooLate(answered.signal)
    late.catch(() => undefined)
    try {
      await Promise.race([this.#options.publish(message), late])
    } finally {
      answered.abort()
    }
  }
}

/** Ends with an error when the time is over. */
async function tooLate(signal: AbortSignal): Promise<never> {
  await realClock.sleep(TOLD_WITHIN_MS, signal)
  throw new Error(`no answer of the bus within ${TOLD_WITHIN_MS} ms`)
}

function keyOf({ cause, asset }: Pick<Stop, 'cause' | 'asset'>): string {
  return `${cause} ${asset ?? ''}`
}
