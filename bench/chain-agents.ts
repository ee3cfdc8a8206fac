// The real agents of the chain, hosted as their own processes host them, on a venue that tells when
// it is called.
import { createMemoryBroker } from '@flotilla/bus'
import { agent as execution } from '@flotilla/execution'
import { hostAgent, openPorts } from '@flotilla/fleet'
import type { AgentSpec, HostedAgent, Ports } from '@flotilla/fleet'
import { createLogger, createMetrics, type LogSink } from '@flotilla/runtime'
import { agent as riskManager } from '@flotilla/risk-manager'
import { agent as strategy } from '@flotilla/strategy'
import { agent as technicalAnalysis } from '@flotilla/technical-analysis'
import type { FakeVenue } from '@flotilla/venue/testing'
import { machineMs } from './chain-drive.ts'
import {
  createChainClock,
  createChainVenue,
  sections,
  sharedOf,
  type ChainAgent,
  type ChainPlace,
} from './chain-world.ts'

const specs: Readonly<Record<ChainAgent, AgentSpec>> = {
  execution,
  'risk-manager': riskManager,
  strategy,
  'technical-analysis': technicalAnalysis,
}

export type OnOrder = (name: string, at: number) => void

export type HostedChain = {
  /** Only where the agents share a process. */
  readonly bus: Ports['bus'] | null
  /** The first minute is over. */
  leap(): void
  stop(): Promise<void>
}

export type ChainHost = {
  readonly names: readonly ChainAgent[]
  readonly place: ChainPlace
  readonly sink: LogSink
  readonly onOrder: OnOrder
}

/** Starts the agents named, in that order, in this process. */
export async function hostChain({ names, place, sink, onOrder }: ChainHost): Promise<HostedChain> {
  const shared = sharedOf(place)
  const clocks = new Map(names.map((name) => [name, createChainClock()]))
  const broker = createMemoryBroker({ confirm: 'settled' })
  const contextOf = (name: ChainAgent) => ({
    name,
    instance: '1',
    logger: createLogger({ agent: name, instance: '1', level: 'info', sinks: [sink] }),
    metrics: createMetrics({ agent: name, instance: '1' }),
    clock: clocks.get(name)!,
  })
  const opening = {
    shared,
    context: contextOf(names[0]!),
    folder: place.folder,
    ...(place.amqpUrl === null ? { broker } : {}),
  }
  const own = [...new Set([...names.flatMap((name) => specs[name].needs), 'bus' as const])]
  const needs = own.filter((need) => need !== 'venue')
  const opened = await openPorts({ ...opening, needs })
  const venue = tellingVenue(onOrder)
  const agents: HostedAgent[] = []
  for (const name of names) {
    const spec = specs[name]
    // In one process each has a connection of its own to the broker, as in the fleet of `start`.
    const bus = place.amqpUrl === null ? { bus: broker.connect() } : {}
    const ports = { ...opened.ports, venue, ...bus }
    const config = spec.config.parse(sections[name])
    const { folder } = place
    const agent = hostAgent({ spec, shared, context: contextOf(name), ports, folder, config })
    await agent.start()
    agents.push(agent)
  }
  return {
    bus: place.amqpUrl === null ? broker.connect() : null,
    // Not for execution, who would miss two minutes of its venue's answers.
    leap: () => clocks.forEach((clock, name) => (name === 'execution' ? undefined : clock.leap())),
    stop: async () => {
      for (const agent of agents.toReversed()) await agent.stop()
      await opened.close()
    },
  }
}

function tellingVenue(onOrder: OnOrder): FakeVenue {
  const venue = createChainVenue()
  const place = venue.placeOrder.bind(venue)
  venue.placeOrder = (request) => {
    onOrder(request.clientOrderId, machineMs())
    return place(request)
  }
  return venue
}
