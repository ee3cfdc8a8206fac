import { join } from 'node:path'
import type { MemoryBroker } from '@flotilla/bus'
import type { MarketStore } from '@flotilla/market-store'
import type { AgentContext, Logger } from '@flotilla/runtime'
import type { Venue, VenueKeys } from '@flotilla/venue'
import type { PortName, Ports } from './agent.ts'
import type { SharedConfig } from './shared-config.ts'

/**
 * The ports as the configuration chooses them. This is the one place that knows which implementation
 * stands behind which word of flotilla.yaml. Each is loaded only when it is opened: an agent without
 * a venue does not pay for the exchange library's memory.
 */
export type PortsOptions = {
  readonly shared: SharedConfig
  readonly needs: readonly PortName[]
  readonly context: Pick<AgentContext, 'name' | 'instance' | 'logger' | 'clock'>
  /** For files that several agents of one deployment share: the SQLite market store. */
  readonly folder: string
  /** The bus of a single process; the other kind is connected by its address. */
  readonly broker?: MemoryBroker
}

export type OpenedPorts = {
  readonly ports: Partial<Ports>
  /** Bus first, so that nothing new comes in while the rest is written and closed. */
  close(): Promise<void>
}

export async function openPorts(options: PortsOptions): Promise<OpenedPorts> {
  const opened: { [Name in PortName]?: Ports[Name] } = {}
  const close = async (): Promise<void> => {
    await opened.bus?.close()
    await Promise.allSettled([
      opened.ledger?.close(),
      opened.marketStore?.close(),
      opened.venue?.close(),
    ])
  }
  const isNeeded = (name: PortName): boolean => options.needs.includes(name)
  try {
    if (isNeeded('ledger')) opened.ledger = await openLedger(options)
    if (isNeeded('marketStore')) {
      opened.marketStore = await openMarketStore(
        options.shared,
        options.folder,
        options.context.logger,
      )
    }
    if (isNeeded('venue')) opened.venue = await openVenue(options.shared, options.context)
    if (isNeeded('bus')) opened.bus = await openBus(options)
    return { ports: opened, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openBus({ shared, context, broker }: PortsOptions): Promise<Ports['bus']> {
  if (shared.bus.kind === 'rabbitmq' && shared.bus.url !== undefined) {
    const name = `${context.name}@${context.instance}`
    const { connectRabbit } = await import('@flotilla/bus')
    return connectRabbit({ url: shared.bus.url, name, log: context.logger })
  }
  if (broker === undefined)
    throw new Error('the in-process bus reaches no further than its process')
  return broker.connect()
}

async function openLedger({ shared, context }: PortsOptions): Promise<Ports['ledger']> {
  const { url } = shared.ledger
  if (url === undefined) throw new Error('ledger.url is not set')
  const { openPostgresLedger } = await import('@flotilla/ledger')
  return openPostgresLedger({ url, logger: context.logger })
}

export async function openMarketStore(
  shared: SharedConfig,
  folder: string,
  logger: Logger,
): Promise<MarketStore> {
  const { openInfluxMarketStore, openSqliteMarketStore } = await import('@flotilla/market-store')
  const { kind, url, token, organization, bucket } = shared.marketStore
  if (kind === 'influxdb' && url !== undefined && token !== undefined) {
    return openInfluxMarketStore({ url, token, organization, bucket, logger })
  }
  return openSqliteMarketStore({ file: join(folder, 'market.sqlite'), logger })
}

/** Binance refuses signed requests that are older than this, whatever the client allows. */
const recvWindowMsMax = 60_000

/**
 * On an accelerated market a real delay is long and a minute's allowance comes back sooner, so both
 * limits are stretched with its speed.
 */
export async function openVenue(
  shared: SharedConfig,
  context: Pick<AgentContext, 'logger' | 'clock'>,
): Promise<Venue> {
  const { openBinanceVenue, openSpotVenue } = await import('@flotilla/venue')
  const { id, kind, url, testnet, weightPerMinute, weightShare } = shared.venue
  const { clock, logger } = context
  const common = { name: id, clock, logger, ...venueKeysOf(shared) }
  const live = { ...common, testnet }
  if (kind === 'binance') return openBinanceVenue({ ...live, weightPerMinute, weightShare })
  if (kind !== 'simulator') return openSpotVenue({ ...live, kind, weightShare })
  const { speed, limits } = shared.simulator
  return openBinanceVenue({
    ...common,
    baseUrl: url,
    weightPerMinute: limits.weightPerMinute * Math.max(1, speed),
    weightShare,
    ...(speed > 1 ? { recvWindowMs: recvWindowMsMax } : {}),
  })
}

/** The keys that the settings have for the venue; null where they have none, or half of them. */
export function venueKeysOf({ venue }: Pick<SharedConfig, 'venue'>): VenueKeys | null {
  const own = venue.kind === 'simulator' ? simulatorKeys : null
  const apiKey = venue.apiKey ?? own?.apiKey
  const secret = venue.apiSecret ?? own?.apiSecret
  return apiKey === undefined || secret === undefined ? null : { apiKey, secret }
}

/** Keys of a venue that lives on this machine or in the same compose file; they guard nothing. */
export const simulatorKeys = {
  apiKey: 'flotillaSimulatorKey',
  apiSecret: 'flotillaSimulatorSecret',
} as const
