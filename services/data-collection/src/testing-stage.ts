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
import { candles, epoch, indexOf, minute } from './testing.ts'

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
    const agent = spec.create({
      config: spec.config.parse({ historyCandles: 20, settleMs: 0, ...config }),
      shared: SharedConfigSchema.parse({ symbols, simulator: { speed: 1 } }),
      context: this.context,
      bus: this.broker.connect(),
      marketStore: this.store,
      venue,
      folder: this.folder,
    })
    this.#lives.push(agent)
    await agent.start()
    return agent
  }

  async minutes(count: number): Promise<void> {
    await this.context.clock.advance(count * minute)
    await this.broker.idle()
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
