import { ack, createMemoryBroker } from '@flotilla/bus'
import { createMessage, epochMs, Reload } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Agent } from '@flotilla/fleet'
import { openSqliteMarketStore } from '@flotilla/market-store'
import type { MarketStore } from '@flotilla/market-store'
import { createTestContext } from '@flotilla/runtime/testing'
import type { Venue, VenueCandle } from '@flotilla/venue'
import { createFakeVenue, symbolRules } from '@flotilla/venue/testing'
import { agent as spec } from './index.ts'
import { DataCollection } from './service.ts'
import type { Deps, OpenVenue } from './service.ts'
import { candle, candles, epoch, forming, indexOf, minute } from './testing.ts'

type Candle = MessageOfType<'market.candle.closed.v1'>
type SourceState = MessageOfType<'market.source.state-changed.v1'>

export const series = { venue: 'simulator', symbol: 'BTC/USDT', timeframe: '1m' }

/** A venue, a store and a bus that outlive the agent. The market begins at minute -50. */
export class Stage {
  readonly context = createTestContext('data-collection', { now: epoch })
  readonly venue
  readonly store: MarketStore = openSqliteMarketStore({ file: ':memory:' })
  readonly broker = createMemoryBroker()
  readonly heard: AnyMessage[] = []
  /** Nothing is kept over a restart unless a test gives a folder. */
  folder = ''
  /** Opens the venues beside the traded one, and those with changed settings. */
  open: OpenVenue = async () => this.venue
  /** What flotilla.yaml says by now: the section of the agent, and what all share. */
  settings: { config: object; shared: object } | null = null
  readonly #outside = this.broker.connect()
  readonly #lives: Agent[] = []
  /** What the venue answers with, given the candles that it has by now. */
  damage: (answer: readonly VenueCandle[]) => readonly VenueCandle[] = (answer) => answer

  constructor(listed: readonly string[] = ['BTC/USDT']) {
    this.venue = createFakeVenue({
      now: () => this.context.clock.now(),
      rules: listed.map((symbol) => symbolRules({ symbol })),
    })
    this.venue.setPrice('BTC/USDT', '50000')
    this.venue.fetchCandles = async (request) => {
      this.venue.calls.push({ method: 'fetchCandles', argument: request })
      await this.venue.fetchTime()
      const now = this.context.clock.now()
      const all = this.damage(
        candles(-50, Math.floor((now - epoch) / minute) + 1).map((each) => ({
          ...each,
          closed: each.closeTime <= now,
        })),
      )
      const since = request.since ?? 0
      return all.filter(({ openTime }) => openTime >= since).slice(0, request.limit ?? 500)
    }
  }

  async listen(): Promise<void> {
    const handler = async ({ message }: { readonly message: AnyMessage }) => {
      this.heard.push(message)
      return ack
    }
    await this.#outside.subscribe({
      agent: 'risk-manager',
      types: [
        'market.candle.closed.v1',
        'market.ticker.updated.v1',
        'market.book.updated.v1',
        'market.source.state-changed.v1',
        'market.universe.changed.v1',
      ],
      handler,
    })
  }

  async start(
    config: object = {},
    symbols: readonly string[] = ['BTC/USDT'],
    venue: Venue = this.venue,
  ): Promise<Agent> {
    const read = ({ config: section, shared }: { config: object; shared: object }) => ({
      config: spec.config.parse({
        historyCandles: 20,
        settleMs: 0,
        orderBookDepth: 0,
        ...section,
      }),
      shared: SharedConfigSchema.parse({ symbols, simulator: { speed: 1 }, ...shared }),
    })
    const now = this.settings ?? { config, shared: {} }
    const deps: Deps = {
      ...read(now),
      context: this.context,
      bus: this.broker.connect(),
      marketStore: this.store,
      venue,
      folder: this.folder,
      ...(this.settings === null ? {} : { settings: () => read(this.settings ?? now) }),
    }
    const agent = new DataCollection(deps, this.open)
    this.#lives.push(agent)
    await agent.start()
    return agent
  }

  async minutes(count: number): Promise<void> {
    await this.context.clock.advance(count * minute)
    await this.broker.idle()
  }

  /** Minutes in which the stream tells each candle as it closes, and a price. */
  async streamedMinutes(count: number): Promise<void> {
    for (let passed = 0; passed < count; passed += 1) {
      await this.minutes(1)
      const closedAt = Math.floor((this.context.clock.now() - epoch) / minute)
      this.venue.streams.tellCandles([candle(closedAt - 1), forming(closedAt)])
      this.venue.setPrice('BTC/USDT', 50_000 + closedAt)
      await this.broker.idle()
      await this.context.clock.advance(0)
      await this.broker.idle()
    }
  }

  /** How often the venue was asked this. */
  asked(method: keyof Venue): number {
    return this.venue.callsOf(method).length
  }

  async reload(): Promise<void> {
    const payload = { agent: null, requestedBy: 'test', reason: 'new key' }
    const discriminator = String(this.context.clock.now())
    const message = { source: 'operator', occurredAt: 0, discriminator, payload } as const
    await this.#outside.publish(createMessage(Reload, message))
    await this.broker.idle()
  }

  candles(): Candle[] {
    return this.heard.filter((each) => each.type === 'market.candle.closed.v1')
  }

  numbers(): number[] {
    return this.candles().map(({ payload }) => indexOf(epochMs(payload.openTime)))
  }

  /** What was said of the venue as a whole. */
  states(): SourceState['payload'][] {
    return this.#allStates().filter(({ symbol }) => symbol === undefined)
  }

  /** What was said of single symbols. */
  symbolStates(): SourceState['payload'][] {
    return this.#allStates().filter(({ symbol }) => symbol !== undefined)
  }

  /** The universe as it was told, each time: symbol and reason. */
  universes(): Record<string, string>[] {
    return this.heard
      .filter((each) => each.type === 'market.universe.changed.v1')
      .map(({ payload }) =>
        Object.fromEntries(payload.symbols.map(({ symbol, reason }) => [symbol, reason])),
      )
  }

  #allStates(): SourceState['payload'][] {
    return this.heard
      .filter((each) => each.type === 'market.source.state-changed.v1')
      .map(({ payload }) => payload)
  }

  async stored(): Promise<number[]> {
    await this.store.flush()
    return (await this.store.candles(series)).map(({ openTime }) => indexOf(openTime))
  }

  async end(): Promise<void> {
    for (const agent of this.#lives) await agent.stop()
    await this.store.close()
    await this.#outside.close()
  }
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)
