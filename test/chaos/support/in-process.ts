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
import { chaosConfig } from './chaos-config.ts'
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
  close(): Promise<void>
}

/** With further settings of execution, as YAML, where a scenario needs them. */
export async function openInProcess(settings = ''): Promise<InProcess> {
  const ledger = createMemoryLedger({ now: () => 0 })
  const broker = createMemoryBroker()
  const calls = createCallLog(ledger)
  const logs = captureLogs({ agent: 'execution' })
  const said = new Map<string, AnyMessage>()
  const stage = new Stage({
    ledger,
    connect: async () => recorded(broker.connect(), said),
    busIsQuiet: () => broker.idle(),
  })
  const closers: (() => Promise<void>)[] = []
  let keys = venueKeys
  await stage.open(async () => {
    const specs = [riskManager, execution]
    const text = settings === '' ? chaosConfig : withSettings(settings)
    const fleet = readFleetConfig({ file: 'chaos.yaml', text, specs })
    const { clock, folder } = stage
    const metrics = createMetrics({ agent: 'execution', instance: '1' })
    const context = { name: execution.name, instance: '1', logger: logs.logger, clock, metrics }
    const pending = createPendingCalls()
    const venue = await openChaosVenue(stage.simulator.url, clock)
    const bus = recorded(broker.connect(), said)
    const watched = pending.watch(calls.watch(venue))
    const ports = { bus, ledger: pending.watch(ledger), venue: watched }
    const config = fleet.section('execution')
    const { shared } = fleet
    const again = () => ({ config, shared: { ...shared, venue: { ...shared.venue, ...keys } } })
    const agent = hostAgent({
      spec: execution,
      settings: again,
      shared,
      context,
      ports,
      folder,
      config,
    })
    closers.push(async () => {
      await stage.whileTimeMoves(agent.stop())
      await bus.close()
      await venue.close()
    })
    await stage.whileTimeMoves(agent.start())
    return actorOf(pending)
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
    close: async () => {
      for (const close of closers) await close()
      await stage.close()
    },
  }
}

function withSettings(settings: string): string {
  return chaosConfig.replace('execution: { ', `execution: { ${settings}, `)
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
