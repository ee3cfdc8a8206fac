import { gauge, realClock, startHeartbeat } from '@flotilla/runtime'
import type { AgentContext, HealthSource, Timer } from '@flotilla/runtime'
import { perAccountAgents, type AgentName, type AnyMessage } from '@flotilla/contracts'
import type { Agent, AgentSpec, Ports } from './agent.ts'
import { busOfAccount, ledgerOfAccount } from './further-accounts.ts'
import type { SharedConfig } from './shared-config.ts'
import { followKeys } from './venue-keys.ts'

export type HostOptions = {
  readonly spec: AgentSpec
  readonly config: unknown
  readonly shared: SharedConfig
  readonly context: AgentContext
  /** The ports that the spec needs, at least; heartbeats go over the bus where there is one. */
  readonly ports: Partial<Ports>
  readonly folder: string
  /** Reads the settings again; see `AgentDeps`. */
  readonly settings?: () => { readonly config: unknown; readonly shared: SharedConfig }
  /** Of a further account: the venue whose market the fleet watches. */
  readonly marketVenue?: string
}

export type HostedAgent = HealthSource & {
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * An agent with what surrounds it: readiness that is false until it has started and after it was
 * told to stop, heartbeats, a metric. The same around an agent of its own process and one of five.
 */
export function hostAgent(options: HostOptions): HostedAgent {
  const { spec, context, ports } = options
  const agent = createAgent(options)
  let state: 'waiting' | 'starting' | 'running' | 'stopping' = 'waiting'
  let heartbeat: Timer | null = null
  let keys: Timer | null = null

  const readiness = (): { ready: boolean; detail: Record<string, unknown> } => {
    if (state !== 'running') return { ready: false, detail: { state } }
    return agent.readiness()
  }
  const ready = (): boolean => {
    try {
      return readiness().ready
    } catch {
      return false
    }
  }
  gauge(context.metrics, {
    name: 'flotilla_agent_ready',
    help: '1 while the agent is ready to work.',
    collect: () => (ready() ? 1 : 0),
  })
  showPorts(options)

  return {
    name: spec.name,
    instance: context.instance,
    metrics: context.metrics,
    readiness,
    start: async () => {
      state = 'starting'
      const { bus } = ports
      if (bus !== undefined) {
        const { intervalMs } = options.shared.heartbeat
        const publish = (message: AnyMessage): Promise<void> => bus.publish(message)
        const account = isPerAccount(spec.name) ? options.shared.account.id : undefined
        heartbeat = startHeartbeat({ context, intervalMs, ready, publish, account })
      }
      const { venue } = ports
      const { logger } = context
      // From here on, for an agent may wait for a venue that refuses its key while it starts.
      if (venue !== undefined) keys = followKeys(venue, options, { clock: realClock, logger })
      for (const words of spec.warnings?.(options.config, options.shared) ?? []) {
        context.logger.warn({ words }, 'a setting does nothing')
      }
      await agent.start()
      if (state === 'starting') state = 'running'
      context.logger.info('agent started')
    },
    stop: async () => {
      state = 'stopping'
      await heartbeat?.stop()
      await keys?.stop()
      await agent.stop()
      context.logger.info('agent stopped')
    },
  }
}

/** Whether what every agent lives on answers. */
function showPorts({ context, ports: { bus, ledger } }: HostOptions): void {
  const shows = (name: string, help: string, isConnected: () => boolean): void => {
    const collect = () => (isConnected() ? 1 : 0)
    gauge(context.metrics, { name, help, collect })
  }
  if (ledger !== undefined) {
    shows('flotilla_ledger_connected', '1 while the ledger answers.', () => {
      return ledger.health().state === 'connected'
    })
  }
  if (bus === undefined) return
  shows('flotilla_bus_connected', '1 while the bus takes and brings messages.', () => {
    return bus.health().state === 'connected'
  })
}

function isPerAccount(name: AgentName): boolean {
  return perAccountAgents.some((each) => each === name)
}

function createAgent(options: HostOptions): Agent {
  const { spec, config, shared, context, folder, ports, settings } = options
  const missing = spec.needs.filter((need) => ports[need] === undefined)
  if (missing.length > 0) throw new Error(`${spec.name} was not given ${missing.join(', ')}`)
  const again = settings === undefined ? {} : { settings }
  const deps = { config, shared, context, folder, ...again, ...(ports as Ports) }
  const { marketVenue } = options
  if (marketVenue === undefined) return spec.create(deps)
  // Of a further account: queues and memory of its own.
  const { id: account } = shared.account
  const { bus, ledger } = ports
  const own = {
    ...(bus === undefined ? {} : { bus: busOfAccount(bus, account) }),
    ...(ledger === undefined ? {} : { ledger: ledgerOfAccount(ledger, account) }),
  }
  return spec.create({ ...deps, ...own, marketVenue })
}
