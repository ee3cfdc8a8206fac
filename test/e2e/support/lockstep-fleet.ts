// All five agents in one process, with market time moved by hand: a minute of the market takes as
// long as the agents need for it, and nothing happens between two minutes. Everything else is the
// real thing: the exchange's wire, the ledger in PostgreSQL, the in-process bus as the default
// deployment uses it.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createMemoryBroker, type MemoryBroker } from '@flotilla/bus'
import { agent as dataCollection } from '@flotilla/data-collection'
import { createSimulator, type Simulator } from '@flotilla/exchange-simulator'
import { agent as execution } from '@flotilla/execution'
import {
  hostAgent,
  openPorts,
  readFleetConfig,
  type HostedAgent,
  type Ports,
} from '@flotilla/fleet'
import { agent as riskManager } from '@flotilla/risk-manager'
import { createMetrics } from '@flotilla/runtime'
import { captureLogs, createManualClock, type CapturedLogs } from '@flotilla/runtime/testing'
import { agent as strategy } from '@flotilla/strategy'
import { agent as technicalAnalysis } from '@flotilla/technical-analysis'
import { createPendingCalls, type PendingCalls } from './pending-calls.ts'

const MINUTE_MS = 60_000

export type LockstepFleet = {
  readonly simulator: Simulator
  readonly broker: MemoryBroker
  readonly logs: readonly CapturedLogs[]
  /** Moves the market by one minute and waits until every agent has done what follows from it. */
  step(): Promise<void>
  /** The agents stop; the simulator stays for the checker. */
  stopAgents(): Promise<void>
  close(): Promise<void>
}

export type LockstepOptions = {
  /** The fleet's configuration as YAML text; addresses and files are filled in here. */
  readonly config: string
  readonly candles: readonly string[]
  /** The first moment, epoch ms; what the recording has before it is history. */
  readonly startAt: number
  readonly databaseUrl: string
  readonly folder: string
}

const keys = { apiKey: 'lockstepKey', apiSecret: 'lockstepSecret' }
/** Who listens starts before who speaks. */
const specs = [execution, riskManager, strategy, technicalAnalysis, dataCollection]

export async function startLockstepFleet(options: LockstepOptions): Promise<LockstepFleet> {
  const config = readFleetConfig({ file: 'lockstep.yaml', text: options.config, specs })
  const clock = createManualClock(options.startAt)
  const simulator = createSimulator({
    config: {
      ...keys,
      candles: [...options.candles],
      symbols: config.shared.symbols,
      balances: config.shared.simulator.balances,
      // Limits count real minutes; a day of the market passes in a few seconds.
      limits: { weightPerMinute: 1e9, ordersPerTenSeconds: 1e9, ordersPerDay: 1e9 },
      control: { enabled: true },
    },
    folder: null,
    clock,
  })
  await simulator.start()
  const pending = createPendingCalls()
  const broker = createMemoryBroker({ confirm: 'settled', now: () => clock.now() })
  const shared = {
    ...config.shared,
    ledger: { ...config.shared.ledger, kind: 'postgres' as const, url: options.databaseUrl },
    venue: { ...config.shared.venue, url: simulator.url, ...keys },
  }
  const closers: (() => Promise<void>)[] = []
  const logs: CapturedLogs[] = []
  const agents: HostedAgent[] = []
  for (const spec of specs) {
    const captured = captureLogs({ agent: spec.name })
    logs.push(captured)
    const { logger } = captured
    const context = {
      name: spec.name,
      instance: '1',
      logger,
      clock,
      metrics: createMetrics({ agent: spec.name, instance: '1' }),
    }
    const needs = [...new Set([...spec.needs, 'bus' as const])]
    const opened = await openPorts({ shared, needs, context, folder: options.folder, broker })
    closers.push(() => opened.close())
    const folder = join(options.folder, 'agents', spec.name)
    mkdirSync(folder, { recursive: true })
    const section = config.section(spec.name)
    const ports = watched(opened.ports, pending)
    agents.push(hostAgent({ spec, shared, context, ports, folder, config: section }))
  }

  const rest = async (): Promise<void> => {
    do {
      await broker.idle()
      await turn()
      await turn()
    } while (pending.count > 0 || hasWork(broker))
  }
  // An agent may wait on market time while it starts; nothing moves it but us.
  for (const agent of agents) await whileTimeMoves(agent.start())
  await rest()

  async function whileTimeMoves(work: Promise<void>): Promise<void> {
    let done = false
    const watched = work.finally(() => {
      done = true
    })
    while (!done) {
      await clock.advance(0)
      await turn()
    }
    await watched
  }

  const stopAgents = async (): Promise<void> => {
    for (const agent of agents.splice(0).toReversed()) await whileTimeMoves(agent.stop())
    for (const close of closers.splice(0)) await close()
  }
  return {
    simulator,
    broker,
    logs,
    step: async () => {
      await clock.advance(MINUTE_MS)
      await rest()
    },
    stopAgents,
    close: async () => {
      await stopAgents()
      await simulator.stop()
    },
  }
}

/** Ledger and venue; what is written to the market store is nobody's concern here. */
function watched(ports: Partial<Ports>, pending: PendingCalls): Partial<Ports> {
  const { ledger, venue, ...others } = ports
  return {
    ...others,
    ...(ledger === undefined ? {} : { ledger: pending.watch(ledger) }),
    ...(venue === undefined ? {} : { venue: pending.watch(venue) }),
  }
}

function hasWork(broker: MemoryBroker): boolean {
  return broker.queues().some(({ waiting, running }) => waiting + running > 0)
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
