// A stage with execution in this process, an in-process bus and a ledger in memory.
import { createMemoryBroker, type Bus, type MemoryBroker } from '@flotilla/bus'
import type { AnyMessage } from '@flotilla/contracts'
import { agent as execution } from '@flotilla/execution'
import { hostAgent, readFleetConfig } from '@flotilla/fleet'
import { createMemoryLedger, type Ledger } from '@flotilla/ledger'
import { createMetrics } from '@flotilla/runtime'
import { captureLogs, type CapturedLogs } from '@flotilla/runtime/testing'
import { agent as riskManager } from '@flotilla/risk-manager'
import { createPendingCalls } from '../../e2e/support/pending-calls.ts'
import { createCallLog, type CallLog } from './call-log.ts'
import { chaosConfigWith } from './chaos-config.ts'
import { Stage, type Actor } from './stage.ts'
import { openChaosVenue, venueKeys } from './venue.ts'

export type InProcess = {
  readonly stage: Stage
  readonly ledger: Ledger
  readonly broker: MemoryBroker
  readonly calls: CallLog
  /** What was put on the bus, each message once, in the order of the first time. */
  said(): readonly AnyMessage[]
  readonly logs: CapturedLogs
  /** What the settings have as keys when they are read again. */
  setKeys(keys: typeof venueKeys): void
  /** What execution reports of itself; empty while it is away. */
  detail(): Readonly<Record<string, unknown>>
  metrics(): Promise<string>
  /** Execution stops, as at the end of a process, and starts anew. */
  leave(): Promise<void>
  rejoin(): Promise<void>
  close(): Promise<void>
}

export type InProcessOptions = {
  /** By how much the clock of execution is ahead of everybody else's, milliseconds. */
  readonly aheadMs?: number
}

/** With further settings of execution, as YAML, where a scenario needs them. */
export async function openInProcess(
  settings = '',
  { aheadMs = 0 }: InProcessOptions = {},
): Promise<InProcess> {
  const ledger = createMemoryLedger({ now: () => 0 })
  const broker = createMemoryBroker()
  const calls = createCallLog(ledger)
  const logs = captureLogs({ agent: 'execution' })
  const said = new Map<string, AnyMessage>()
  const connect = () => recorded(broker.connect(), said)
  const stage = new Stage({
    ledger,
    connect: async () => connect(),
    busIsQuiet: () => broker.idle(),
  })
  let keys = venueKeys
  const join = () => {
    const parts = { stage, ledger, calls, logs, connect, settings, aheadMs }
    return joinExecution({ ...parts, keys: () => keys })
  }
  let life: Life | null = null
  await stage.open(async () => {
    life = await join()
    return life.actor
  })
  return {
    stage,
    ledger,
    broker,
    calls,
    logs,
    setKeys: (changed) => {
      keys = changed
    },
    said: () => [...said.values()],
    detail: () => life?.detail() ?? {},
    metrics: async () => (await life?.metrics()) ?? '',
    leave: async () => {
      await life?.leave()
      life = null
      stage.replaceActor({ advance: async () => {}, rest: async () => {} })
    },
    rejoin: async () => {
      life = await join()
      stage.replaceActor(life.actor)
    },
    close: async () => {
      await life?.leave()
      await stage.close()
    },
  }
}

type Parts = {
  readonly stage: Stage
  readonly ledger: Ledger
  readonly calls: CallLog
  readonly logs: CapturedLogs
  readonly connect: () => Bus
  readonly settings: string
  readonly aheadMs: number
  readonly keys: () => typeof venueKeys
}

/** One life of execution. */
type Life = {
  readonly actor: Actor
  detail(): Readonly<Record<string, unknown>>
  metrics(): Promise<string>
  leave(): Promise<void>
}

async function joinExecution(parts: Parts): Promise<Life> {
  const { stage, ledger, calls, logs, connect, keys, aheadMs } = parts
  const specs = [riskManager, execution]
  const text = chaosConfigWith(parts.settings)
  const fleet = readFleetConfig({ file: 'chaos.yaml', text, specs })
  const { folder } = stage
  const clock = { ...stage.clock, now: () => stage.clock.now() + aheadMs }
  const metrics = createMetrics({ agent: 'execution', instance: '1' })
  const context = { name: execution.name, instance: '1', logger: logs.logger, clock, metrics }
  const pending = createPendingCalls()
  const venue = await openChaosVenue(stage.simulator.url, clock)
  const bus = connect()
  const ports = { bus, ledger: pending.watch(ledger), venue: pending.watch(calls.watch(venue)) }
  const { shared } = fleet
  const config = fleet.section('execution')
  const settings = () => ({ config, shared: { ...shared, venue: { ...shared.venue, ...keys() } } })
  const agent = hostAgent({ spec: execution, settings, shared, context, ports, folder, config })
  await stage.whileTimeMoves(agent.start())
  return {
    actor: actorOf(pending),
    detail: () => agent.readiness().detail,
    metrics: () => metrics.metrics(),
    leave: async () => {
      await stage.whileTimeMoves(agent.stop())
      await bus.close()
      await venue.close()
    },
  }
}

/** It lives by the stage's own clock, which has moved already. */
function actorOf(pending: { readonly count: number }): Actor {
  return {
    advance: async () => {},
    rest: async (held) => {
      for (let quiet = 0; quiet < 2;) {
        await new Promise((resolve) => setImmediate(resolve))
        quiet = pending.count > held ? 0 : quiet + 1
      }
    },
  }
}

function recorded(bus: Bus, said: Map<string, AnyMessage>): Bus {
  const note = (message: AnyMessage): void => {
    if (!said.has(message.messageId)) said.set(message.messageId, message)
  }
  return {
    publish: (message) => {
      note(message)
      return bus.publish(message)
    },
    publishAll: (messages) => {
      for (const message of messages) note(message)
      return bus.publishAll(messages)
    },
    subscribe: (options) => bus.subscribe(options),
    health: () => bus.health(),
    close: () => bus.close(),
  }
}
