// Execution of the venue benchmark in a process of its own, hosted as its own process hosts it: over the
// in-process bus, where it is told from within what was approved, or over RabbitMQ.
import { ack, connectRabbit, createMemoryBroker } from '@flotilla/bus'
import { agent as execution } from '@flotilla/execution'
import { hostAgent, openVenue, SharedConfigSchema } from '@flotilla/fleet'
import { openPostgresLedger } from '@flotilla/ledger'
import { createLogger, createMetrics, realClock, stdoutJsonSink } from '@flotilla/runtime'
import { topologyOf, type AnyMessage } from '@flotilla/contracts'
import { machineMs } from './chain-drive.ts'

export type LifePlace = {
  /** Null for the fleet of one process. */
  readonly amqpUrl: string | null
  readonly ledgerUrl: string
  readonly venueUrl: string
  readonly symbols: readonly string[]
  readonly folder: string
  /** Entries bring their exits along. */
  readonly attachExits: boolean
}

export type LifeOrder = { readonly approved: AnyMessage } | 'stop'
export type LifeAnswer = { readonly kind: 'ready' } | { readonly kind: 'told'; readonly at: number }

const place = JSON.parse(process.argv[2] ?? '{}') as LifePlace
const report = (answer: LifeAnswer): void => void process.send!(answer)

const shared = SharedConfigSchema.parse({
  symbols: [...place.symbols],
  venue: { url: place.venueUrl },
  simulator: { speed: 1 },
})
const logger = createLogger({
  agent: 'execution',
  instance: '1',
  level: 'info',
  sinks: [stdoutJsonSink()],
})
const context = {
  name: execution.name,
  instance: '1',
  logger,
  metrics: createMetrics({ agent: 'execution', instance: '1' }),
  clock: realClock,
}
const broker = createMemoryBroker({
  confirm: 'settled',
  provision: ['execution', 'risk-manager'],
})
const connect = async () =>
  place.amqpUrl === null ? broker.connect() : connectRabbit({ url: place.amqpUrl })
const [bus, ledger, venue] = await Promise.all([
  connect(),
  openPostgresLedger({ url: place.ledgerUrl, logger }),
  openVenue(shared, context),
])
const { folder } = place
// Questions about the pairs that rest would use up the budget of requests: no part of what is measured.
const { attachExits } = place
const config = execution.config.parse({ pollMs: 3_600_000, sweepMs: 3_600_000, attachExits })
const ports = { bus, ledger, venue }
const agent = hostAgent({ spec: execution, shared, context, ports, folder, config })
await agent.start()
const outside = broker.connect()
// Somebody hears what is said, as in a fleet: else it would stay unsettled.
await outside.subscribe({
  agent: 'risk-manager',
  types: topologyOf('risk-manager').consumes.filter((type) => type.startsWith('execution.')),
  handler: async () => ack,
})

process.on('message', (order: LifeOrder) => {
  if (order === 'stop') {
    void stop()
    return
  }
  report({ kind: 'told', at: machineMs() })
  void outside.publish(order.approved)
})
process.on('disconnect', () => process.exit(0))
report({ kind: 'ready' })

async function stop(): Promise<void> {
  await agent.stop()
  await Promise.all([bus.close(), ledger.close(), venue.close()])
  process.disconnect()
}
