import { join } from 'node:path'
import { createMemoryBroker, type MemoryBroker } from '@flotilla/bus'
import type { AgentName } from '@flotilla/contracts'
import {
  createRefusedRequests,
  hostAgent,
  isPerAccount,
  marketClockOf,
  openPorts,
} from '@flotilla/fleet'
import type {
  AccountConfig,
  AgentSpec,
  FleetConfig,
  HostedAgent,
  Ports,
  SharedConfig,
} from '@flotilla/fleet'
import { startPrivatePostgres } from '@flotilla/ledger'
import {
  createLogger,
  createMetrics,
  fileSink,
  realClock,
  startHealthServer,
} from '@flotilla/runtime'
import type { Clock, Life, Logger, LogSink } from '@flotilla/runtime'
import { operatorRoute } from '../operator/http-api.ts'
import { startOwnMarket } from './markets.ts'
import { observed } from './observe.ts'
import type { Hear } from './observe.ts'
import type { World } from './world.ts'

export type SingleFleetOptions = {
  readonly config: FleetConfig
  /** The configuration as it is by now. Throws a `ConfigError`. */
  readonly readAgain: () => FleetConfig
  readonly specs: readonly AgentSpec[]
  readonly world: World
  readonly logFolder: string
  /** Where lines go beside the agents' files. */
  readonly terminal: LogSink
  readonly hear: Hear
  readonly token: string
  /** Null: the configured one, or any when that is taken. */
  readonly httpPort: number | null
  readonly simulatorPort: number
}

/** What is known once everything runs. */
export type Running = {
  readonly url: string
  readonly shared: SharedConfig
  readonly ports: Ports
  readonly clock: Clock
  /** When recorded prices end, or null. */
  readonly endsAt: number | null
}

type FleetParts = {
  readonly shared: SharedConfig
  readonly clock: Clock
  readonly ports: Omit<Ports, 'bus'>
  readonly broker: MemoryBroker
}

/** Of the five seconds for a stop, what a start under way may still take. */
const startMsLeft = 2_500

/**
 * All agents in one process: the private database, the candles' file, the simulator and the in-process
 * bus around them. It is put together here and taken apart in the opposite order, whatever of it
 * had come up.
 */
export class SingleFleet implements Life {
  readonly #options: SingleFleetOptions
  readonly #logger: Logger
  readonly #closers: (() => Promise<void>)[] = []
  readonly #agents: HostedAgent[] = []
  readonly #onRunning: (running: Running) => void
  readonly #beforeClose: (running: Running) => Promise<void>
  #running: Running | null = null
  #isStopping = false
  #starting: Promise<void> = Promise.resolve()

  constructor(
    options: SingleFleetOptions,
    events: {
      readonly onRunning: (running: Running) => void
      /** The agents have stopped, the ledger is still open. */
      readonly beforeClose: (running: Running) => Promise<void>
    },
  ) {
    this.#options = options
    this.#onRunning = events.onRunning
    this.#beforeClose = events.beforeClose
    this.#logger = this.#loggerFor('fleet')
  }

  get logger(): Logger {
    return this.#logger
  }

  start(): Promise<void> {
    this.#starting = this.#bringUp()
    return this.#starting
  }

  async #bringUp(): Promise<void> {
    const { shared, clock, endsAt } = await this.#startServers()
    if (this.#isStopping) return
    const { further } = this.#options.config
    const accounts = further.map((each) => each.shared.account.id)
    const broker = createMemoryBroker({ confirm: 'settled', accounts })
    const ports = await this.#openSharedPorts(shared, clock)
    const operatorBus = observed(broker.connect(), this.#options.hear)
    this.#closers.push(() => operatorBus.close())

    // Before the strategies, and stopped after them: what they say is heard by every account.
    for (const account of further) {
      await this.#hostAccount(account, { shared, clock, ports, broker })
    }
    for (const spec of this.#options.specs) {
      const bus = observed(broker.connect(), this.#options.hear)
      this.#closers.push(() => bus.close())
      this.#agents.push(this.#host(spec, { shared, clock, ports: { ...ports, bus } }))
    }
    const server = await startHealthServer({
      host: shared.http.host,
      port: this.#options.httpPort ?? shared.http.port,
      orAnyPort: this.#options.httpPort === null,
      sources: this.#agents,
      extra: operatorRoute({
        token: this.#options.token,
        bus: operatorBus,
        deadLetters: broker.deadLetters,
        clock,
        refused: createRefusedRequests({
          ledger: ports.ledger,
          door: 'operator',
          clock: realClock,
          logger: this.#logger,
        }),
      }),
    })
    this.#closers.push(() => server.close())
    this.#running = {
      url: server.url,
      shared,
      ports: { ...ports, bus: operatorBus },
      clock,
      endsAt,
    }
    this.#onRunning(this.#running)
    for (const agent of this.#agents) {
      if (this.#isStopping) return
      await agent.start()
    }
  }

  /** Who speaks stops before who listens, so that what was said is still heard. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#startedOrGivenUp()
    for (const agent of this.#agents.toReversed()) {
      await agent.stop().catch((error: unknown) => {
        this.#logger.error({ err: error, agent: agent.name }, 'agent did not stop well')
      })
    }
    if (this.#running !== null) {
      await this.#beforeClose(this.#running).catch((error: unknown) => {
        this.#logger.error({ err: error }, 'summary failed')
      })
    }
    for (const close of this.#closers.toReversed()) {
      await close().catch((error: unknown) => {
        this.#logger.error({ err: error }, 'part did not close well')
      })
    }
  }

  /** What is half up cannot be taken down: a start under way is given a moment to come to its end. */
  async #startedOrGivenUp(): Promise<void> {
    const abort = new AbortController()
    const patience = realClock.sleep(startMsLeft, abort.signal)
    const settled = this.#starting.catch(() => undefined)
    await Promise.race([settled, patience.catch(() => undefined)])
    abort.abort()
  }

  /** The database and the exchange come up side by side; both are closed even if one of them fails. */
  async #startServers(): Promise<{ shared: SharedConfig; clock: Clock; endsAt: number | null }> {
    const [database, market] = await Promise.allSettled([
      this.#startDatabase(),
      this.#startMarket(this.#options.config.shared),
    ])
    if (database.status === 'rejected') throw database.reason
    if (market.status === 'rejected') throw market.reason
    const { shared, clock, endsAt } = market.value
    return { shared: { ...shared, ledger: database.value }, clock, endsAt }
  }

  async #startDatabase(): Promise<SharedConfig['ledger']> {
    const { ledger } = this.#options.config.shared
    if (ledger.kind === 'postgres') return ledger
    const folder = this.#options.world.part('postgres')
    const server = await startPrivatePostgres({ folder, logger: this.#logger })
    this.#closers.push(() => server.stop())
    return { ...ledger, kind: 'postgres', url: server.url }
  }

  /** `further`: the account whose exchange it is, in the market time of the first. */
  async #startMarket(
    shared: SharedConfig,
    further?: { readonly instance: string; readonly clock: Clock },
  ): Promise<{ shared: SharedConfig; clock: Clock; endsAt: number | null }> {
    const { world, simulatorPort } = this.#options
    const onTaskError = (error: unknown): void =>
      this.#logger.error({ err: error }, 'timed task failed')
    if (shared.venue.kind !== 'simulator' || shared.venue.url !== undefined) {
      const clock = further?.clock ?? (await marketClockOf(shared, onTaskError))
      return { shared, clock, endsAt: null }
    }
    const logger = this.#loggerFor('exchange-simulator')
    const port = further === undefined ? simulatorPort : 0
    const place = further === undefined ? {} : { account: further.instance, clock: further.clock }
    const market = await startOwnMarket({ shared, world, logger, port, onTaskError, ...place })
    const { simulator } = market
    this.#closers.push(() => simulator.stop())
    return { shared: market.shared, clock: market.clock, endsAt: simulator.endOfData() }
  }

  /** One ledger, store and venue for all: five of each would cost memory and win nothing. */
  async #openSharedPorts(shared: SharedConfig, clock: Clock): Promise<Omit<Ports, 'bus'>> {
    const { world } = this.#options
    const context = { name: 'operator', instance: '1', logger: this.#logger, clock } as const
    const needs = ['ledger', 'marketStore', 'venue'] as const
    const opened = await openPorts({ shared, needs, context, folder: world.folder })
    this.#closers.push(() => opened.close())
    const { ledger, marketStore, venue } = opened.ports
    if (ledger === undefined || marketStore === undefined || venue === undefined) {
      throw new Error('a port that was asked for was not opened')
    }
    return { ledger, marketStore, venue }
  }

  /** Its agents, and where it trades: at an exchange of its own, with the same market as the others. */
  async #hostAccount(account: AccountConfig, fleet: FleetParts): Promise<void> {
    const { clock, ports, broker } = fleet
    const { world, specs } = this.#options
    const { id: instance } = account.shared.account
    const market = await this.#startMarket(account.shared, { instance, clock })
    const shared = { ...market.shared, ledger: fleet.shared.ledger }
    const context = { name: 'operator', instance, logger: this.#logger, clock } as const
    const opened = await openPorts({ shared, needs: ['venue'], context, folder: world.folder })
    this.#closers.push(() => opened.close())
    const { venue = ports.venue } = opened.ports
    for (const spec of specs) {
      if (!isPerAccount(spec.name)) continue
      const bus = observed(broker.connect(), this.#options.hear)
      this.#closers.push(() => bus.close())
      const marketVenue = fleet.shared.venue.id
      const place = { instance, section: account.section(spec.name), marketVenue }
      const own = { shared, clock, ports: { ...ports, venue, bus } }
      this.#agents.push(this.#host(spec, { ...own, ...place }))
    }
  }

  #host(
    spec: AgentSpec,
    parts: {
      readonly shared: SharedConfig
      readonly clock: Clock
      readonly ports: Ports
      readonly instance?: string
      readonly section?: unknown
      readonly marketVenue?: string
    },
  ): HostedAgent {
    const { config, world } = this.#options
    const { instance = '1', section = config.section(spec.name) } = parts
    const context = {
      name: spec.name,
      instance,
      logger: this.#loggerFor(spec.name, parts.clock),
      // The process's own figures are told once, by the agent that is started first.
      metrics: createMetrics({ agent: spec.name, instance, process: this.#agents.length === 0 }),
      clock: parts.clock,
    }
    return hostAgent({
      ...parts,
      settings: () => this.#settingsNow(spec, parts.shared),
      spec,
      context,
      config: section,
      folder: world.part(join('agents', spec.name, ...(instance === '1' ? [] : [instance]))),
    })
  }

  /** What the file says now, with what this run has started itself in its place. */
  #settingsNow(spec: AgentSpec, running: SharedConfig) {
    const { id } = running.account
    const before = accountOf(this.#options.config, id) ?? this.#options.config
    const whole = this.#options.readAgain()
    const further = accountOf(whole, id)
    const { venue } = before.shared
    const isOwnMarket = venue.kind === 'simulator' && venue.url === undefined
    const { ledger, simulator } = running
    const kept = { ledger, simulator, ...(isOwnMarket ? { venue: running.venue } : {}) }
    if (further !== null && isPerAccount(spec.name)) {
      return { config: further.section(spec.name), shared: { ...further.shared, ...kept } }
    }
    // One that is not named any more goes on as it was: what the others have is not for it.
    if (id !== whole.shared.account.id) throw new Error(`no account ${id} in the settings any more`)
    return { config: whole.section(spec.name), shared: { ...whole.shared, ...kept } }
  }

  #loggerFor(agent: AgentName | 'fleet' | 'exchange-simulator', marketClock?: Clock): Logger {
    const { logFolder, terminal, config } = this.#options
    const file = fileSink(join(logFolder, `${agent}.log`))
    return createLogger({
      agent,
      instance: '1',
      level: config.shared.logs.level,
      sinks: [file, terminal],
      secrets: config.secrets,
      ...(marketClock === undefined ? {} : { marketClock }),
    })
  }
}

/** The settings of a further account; null where none has that name. */
function accountOf({ further }: FleetConfig, id: string) {
  return further.find(({ shared }) => shared.account.id === id) ?? null
}
