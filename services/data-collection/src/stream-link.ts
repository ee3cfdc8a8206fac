import type { AgentContext } from '@flotilla/runtime'
import { VenueError } from '@flotilla/venue'
import type {
  MarketStream,
  MarketStreamListener,
  MarketStreamRequest,
  Venue,
} from '@flotilla/venue'
import {
  closed,
  dropped,
  heard,
  isSilent,
  isTrusted,
  jitterOf,
  mayOpen,
  modeOf,
  opened,
  opening,
  provenBy,
  streamAtStart,
} from './core/index.ts'
import type { StreamHealth, StreamLimits, StreamMode } from './core/index.ts'
import type { FeedMetrics } from './metrics.ts'

export type StreamLinkDeps = {
  /** Our name of the venue. */
  readonly source: string
  readonly venue: () => Venue
  readonly context: AgentContext
  readonly metrics: FeedMetrics
  readonly limits: StreamLimits
  readonly listener: Omit<MarketStreamListener, 'onEnd'>
  /** The venue does not take our key, or us: to open the stream again would ask with it once more. */
  readonly onRefused: (error: VenueError) => void
}

const refusals: ReadonlySet<string> = new Set(['unauthorized', 'blocked'])

/** The stream of one venue: opened, watched, opened again; and the word on whether polling may rest. */
export class StreamLink {
  readonly #deps: StreamLinkDeps
  #health: StreamHealth = streamAtStart
  #stream: MarketStream | null = null
  #request: MarketStreamRequest | null = null
  #opening: Promise<void> = Promise.resolve()
  /** Each connection has a number: what an old one still says is not heard. */
  #connection = 0
  #drops = 0
  #isOver = false
  #toldMode: StreamMode | null = null
  #streamless: Venue | null = null

  constructor(deps: StreamLinkDeps) {
    this.#deps = deps
  }

  get trusted(): boolean {
    return isTrusted(this.#health)
  }

  get mode(): StreamMode {
    return modeOf(this.#health)
  }

  /** At each look: notices silence, takes note of time, opens what is to be open. Never throws. */
  tend(request: MarketStreamRequest): void {
    if (this.#isOver || !this.#hasStreams()) return
    if (this.#request !== null && !sameRequest(this.#request, request)) this.#shut()
    this.#request = request
    const now = this.#now()
    if (isSilent(this.#health, now, this.#deps.limits)) this.#drop('it has fallen silent')
    this.#become(provenBy(this.#health, now, this.#deps.limits))
    this.#openIfDue()
  }

  /** The venue behind it is another one from now on, or its keys are. */
  renew(): void {
    this.#shut()
    this.#become(streamAtStart)
  }

  async stop(): Promise<void> {
    this.#isOver = true
    this.#shut()
    await this.#opening
  }

  /** Said once of each venue: an operator who asked for streams is to know why there are none. */
  #hasStreams(): boolean {
    const venue = this.#deps.venue()
    if (typeof venue.openMarketStream === 'function') return true
    const { context, source } = this.#deps
    if (this.#streamless !== venue) {
      context.logger.warn({ venue: source }, 'venue has no stream with these settings, polling')
    }
    this.#streamless = venue
    return false
  }

  #now(): number {
    return this.#deps.context.clock.now()
  }

  #openIfDue(): void {
    const request = this.#request
    if (this.#isOver || request === null || request.symbols.length === 0) return
    if (!mayOpen(this.#health, this.#now())) return
    this.#connection += 1
    this.#become(opening(this.#health))
    this.#opening = this.#open(request, this.#connection)
  }

  async #open(request: MarketStreamRequest, connection: number): Promise<void> {
    const isMine = (): boolean => this.#connection === connection && !this.#isOver
    try {
      const stream = await this.#deps.venue().openMarketStream?.(request, this.#ears(isMine))
      if (stream === undefined) return
      if (!isMine() || this.#health.link !== 'opening') {
        stream.close()
        return
      }
      this.#stream = stream
      this.#become(opened(this.#health, this.#now()))
    } catch (error) {
      if (!(error instanceof VenueError)) {
        this.#deps.context.logger.error({ err: error }, 'stream failed to open')
      }
      if (isMine()) this.#notOpened(error)
    }
  }

  #notOpened(error: unknown): void {
    this.#drop(error instanceof Error ? error.message : String(error))
    const isRefused = error instanceof VenueError && refusals.has(error.code)
    if (isRefused) this.#deps.onRefused(error)
  }

  #ears(isMine: () => boolean): MarketStreamListener {
    const { onCandle, onTicker, onBook } = this.#deps.listener
    const hear =
      <Event>(pass: (event: Event) => void) =>
      (event: Event): void => {
        if (!isMine()) return
        this.#health = heard(this.#health, this.#now())
        pass(event)
      }
    return {
      onCandle: hear(onCandle),
      onTicker: hear(onTicker),
      onBook: hear(onBook),
      onEnd: (reason) => {
        if (!isMine()) return
        this.#stream = null
        this.#drop(reason)
        this.#openIfDue()
      },
    }
  }

  #drop(reason: string): void {
    this.#stream?.close()
    this.#stream = null
    this.#connection += 1
    this.#drops += 1
    const { context, limits, metrics, source } = this.#deps
    metrics.streamDrops.inc({ venue: source })
    context.logger.info({ venue: source, reason }, 'market stream dropped')
    const spread = jitterOf(`${context.instance} stream`, this.#drops)
    const before = this.#health.surrenders
    this.#become(dropped(this.#health, limits, { now: this.#now(), spread }))
    if (this.#health.surrenders > before) {
      const restMs = this.#health.retryAt - this.#now()
      context.logger.warn({ venue: source, reason, restMs }, 'market stream given up, polling')
    }
  }

  #shut(): void {
    this.#stream?.close()
    this.#stream = null
    this.#connection += 1
    this.#become(closed(this.#health))
  }

  #become(health: StreamHealth): void {
    const wasOnTrial = this.#health.surrenders > 0
    this.#health = health
    const { context, metrics, source } = this.#deps
    metrics.streaming.set({ venue: source }, isTrusted(health) ? 1 : 0)
    const mode = modeOf(health)
    if (mode === this.#toldMode) return
    this.#toldMode = mode
    if (mode === 'on trial') context.logger.info({ venue: source }, 'market stream on trial')
    if (mode === 'streaming') {
      const phrase = wasOnTrial ? 'market stream is stable again' : 'market stream open'
      context.logger.info({ venue: source }, phrase)
    }
  }
}

function sameRequest(left: MarketStreamRequest, right: MarketStreamRequest): boolean {
  return (
    left.timeframe === right.timeframe &&
    left.bookDepth === right.bookDepth &&
    left.symbols.length === right.symbols.length &&
    left.symbols.every((symbol, index) => symbol === right.symbols[index])
  )
}
