// data-collection on a simulator's wire, with a bus, a store and a venue of its own, and what it said.
import { createMemoryBroker } from '@flotilla/bus'
import type { MemoryBroker } from '@flotilla/bus'
import { createMessage, Reload } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { agent as spec } from '@flotilla/data-collection'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Agent } from '@flotilla/fleet'
import { openSqliteMarketStore } from '@flotilla/market-store'
import type { MarketStore } from '@flotilla/market-store'
import type { AgentContext } from '@flotilla/runtime'
import { openBinanceVenue } from '@flotilla/venue'
import type { Venue } from '@flotilla/venue'

export type MarketWatchOptions = {
  readonly context: AgentContext
  readonly url: string
  /** Section `data` and what all share, as in flotilla.yaml. */
  readonly data?: object
  readonly shared?: object
  /** Where others listen too; one of its own unless given. */
  readonly broker?: MemoryBroker
  /** What others read too, and close; one of its own unless given. */
  readonly store?: MarketStore
}

export type MarketWatch = {
  readonly agent: Agent
  readonly venue: Venue
  readonly store: MarketStore
  readonly heard: readonly AnyMessage[]
  candles(symbol?: string): MessageOfType<'market.candle.closed.v1'>['payload'][]
  /** Whatever stands in the settings by now. */
  reload(settings?: { readonly data: object; readonly shared: object }): Promise<void>
  /** Lets every message reach its hearer. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export async function watchMarket(options: MarketWatchOptions): Promise<MarketWatch> {
  const { context, url, broker = createMemoryBroker() } = options
  const venue = await openBinanceVenue({
    name: 'simulator',
    baseUrl: url,
    clock: context.clock,
    logger: context.logger,
    weightPerMinute: 0,
  })
  const store = options.store ?? openSqliteMarketStore({ file: ':memory:' })
  const heard: AnyMessage[] = []
  const ear = broker.connect()
  await ear.subscribe({
    agent: 'risk-manager',
    types: [
      'market.candle.closed.v1',
      'market.ticker.updated.v1',
      'market.book.updated.v1',
      'market.source.state-changed.v1',
      'market.universe.changed.v1',
    ],
    handler: async ({ message }) => {
      heard.push(message)
      return { kind: 'ack' }
    },
  })
  let now: Pick<MarketWatchOptions, 'data' | 'shared'> = options
  const agent = spec.create({
    ...read(options),
    settings: () => read(now),
    context,
    bus: broker.connect(),
    marketStore: store,
    venue,
    folder: '',
  })
  await agent.start()
  return {
    agent,
    venue,
    store,
    heard,
    candles: (symbol) =>
      heard.flatMap((each) => {
        if (each.type !== 'market.candle.closed.v1') return []
        return symbol === undefined || each.payload.symbol === symbol ? [each.payload] : []
      }),
    reload: async (settings) => {
      now = settings ?? now
      const payload = { agent: null, requestedBy: 'test', reason: 'reload' }
      const discriminator = String(context.clock.now())
      const facts = { source: 'operator', occurredAt: 0, discriminator, payload } as const
      await ear.publish(createMessage(Reload, facts))
      await broker.idle()
    },
    idle: () => broker.idle(),
    stop: async () => {
      await agent.stop()
      await ear.close()
      await venue.close()
      if (options.store === undefined) await store.close()
    },
  }
}

function read({ data = {}, shared }: Pick<MarketWatchOptions, 'data' | 'shared'>) {
  return {
    config: spec.config.parse(data),
    shared: SharedConfigSchema.parse({ simulator: { speed: 1 }, ...shared }),
  }
}

/** Sets a fault at the simulator's control port, or lifts all of them with null. */
export async function setFault(controlUrl: string | null, fault: object | null): Promise<void> {
  const init =
    fault === null ? { method: 'DELETE' } : { method: 'POST', body: JSON.stringify(fault) }
  const answer = await fetch(`${controlUrl ?? ''}/__sim/faults`, init)
  if (!answer.ok) throw new Error(`fault refused: ${await answer.text()}`)
}
