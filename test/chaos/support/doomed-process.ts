// Execution in a process of its own, over RabbitMQ and PostgreSQL, that can be told to kill itself (SIGKILL:
// nothing is finished, nothing is flushed) at a named point between its core and the outside world. Nothing
// of that is in the agent: its ports are wrapped here.
import { flushCompileCache } from 'node:module'
import { connectRabbit, type Bus } from '@flotilla/bus'
import { agent as execution } from '@flotilla/execution'
import { hostAgent, readFleetConfig } from '@flotilla/fleet'
import { openPostgresLedger, type Ledger, type LedgerChange, type Unit } from '@flotilla/ledger'
import { createMetrics } from '@flotilla/runtime'
import { captureLogs, createManualClock } from '@flotilla/runtime/testing'
import { agent as riskManager } from '@flotilla/risk-manager'
import type { Venue } from '@flotilla/venue'
import { createPendingCalls } from '../../e2e/support/pending-calls.ts'
import {
  VENUE_CALLS,
  type Command,
  type DeathPoint,
  type Doom,
  type Place,
  type Report,
  type Stored,
} from './death.ts'
import { chaosConfigWith } from './chaos-config.ts'
import { openChaosVenue } from './venue.ts'

/** As in production: who looks on kills the process long before a request that hangs is given up. */
const TIMEOUT_MS = 8_000

const place = JSON.parse(process.argv[2] ?? '{}') as Place
const clock = createManualClock(place.now)
const pending = createPendingCalls()
let doom: Doom | null = null
let passed: DeathPoint | null = null

const never = new Promise<never>(() => {})

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return never
}

function doomedLedger(ledger: Ledger): Ledger {
  return wrap(ledger, 'commit', async (units, commit) => {
    const isIt = doom !== null && preparesCall(doom, units as readonly Unit[])
    if (isIt && doom?.point === 'before-commit') return die()
    const outcome = await commit()
    if (isIt && doom?.point === 'after-commit') return die()
    if (passed === 'answered' && doom?.point === 'stored') return die()
    if (passed === 'answered') passed = 'stored'
    return outcome
  })
}

function preparesCall({ stored }: Doom, units: readonly Unit[]): boolean {
  return units.some(({ changes }) => changes.some((change) => isWhatIsStored(stored, change)))
}

function isWhatIsStored(stored: Stored | null, change: LedgerChange): boolean {
  if (stored === null) return false
  if ('memory' in stored) {
    return change.kind === 'memory-stored' && change.key.startsWith(stored.memory)
  }
  if (!('order' in change)) return false
  const { clientOrderId, state } = change.order
  return clientOrderId.endsWith(stored.order) && state === stored.state
}

function doomedVenue(venue: Venue): Venue {
  const { convert } = venue
  const doomed = withDoom(venue)
  if (convert === undefined) return doomed
  const desk = withDoom(convert)
  return new Proxy(doomed, {
    get: (target, name) => (name === 'convert' ? desk : (Reflect.get(target, name) as unknown)),
  })
}

function withDoom<Port extends object>(port: Port): Port {
  const calls = VENUE_CALLS.filter((name) => name in port) as (keyof Port & string)[]
  return calls.reduce<Port>(
    (wrapped, name) => wrap(wrapped, name, (argument, call) => around(name, argument, call)),
    port,
  )
}

async function around(
  name: string,
  argument: unknown,
  call: () => Promise<unknown>,
): Promise<unknown> {
  const isIt = doom?.call === name && nameIn(argument).endsWith(doom.about)
  const outcome = await call()
  if (!isIt) return outcome
  if (doom?.point === 'answered') return die()
  passed = 'answered'
  return outcome
}

/** Of the order or the pair that a call is about; quotes are about none. */
function nameIn(argument: unknown): string {
  const named = argument as { clientOrderId?: string; clientProtectionId?: string }
  return named.clientProtectionId ?? named.clientOrderId ?? ''
}

function doomedBus(bus: Bus): Bus {
  return wrap(bus, 'publishAll', async (_, publish) => {
    await publish()
    if (passed === 'stored' && doom?.point === 'said') return die()
    return undefined
  })
}

type Around = (argument: unknown, call: () => Promise<unknown>) => Promise<unknown>

/** The same port with something around one of its methods. */
function wrap<Port extends object>(port: Port, method: keyof Port & string, around: Around): Port {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const call = (...values: unknown[]): unknown => Reflect.apply(value, target, values)
      if (name !== method) return call
      return (...values: unknown[]) => around(values[0], async () => call(...values))
    },
  })
}

async function start(): Promise<() => Promise<void>> {
  const specs = [riskManager, execution]
  const fleet = readFleetConfig({
    file: 'chaos.yaml',
    text: chaosConfigWith(place.settings),
    specs,
  })
  const { logger } = captureLogs({ agent: 'execution' })
  const metrics = createMetrics({ agent: 'execution', instance: '1' })
  const context = { name: execution.name, instance: '1', logger, clock, metrics }
  const [ledger, bus, venue] = await Promise.all([
    openPostgresLedger({ url: place.databaseUrl }),
    connectRabbit({ url: place.amqpUrl }),
    openChaosVenue(place.venueUrl, clock, TIMEOUT_MS),
  ])
  const ports = {
    bus: doomedBus(bus),
    ledger: pending.watch(doomedLedger(ledger)),
    venue: pending.watch(doomedVenue(venue)),
  }
  const { shared } = fleet
  const { folder } = place
  const config = fleet.section('execution')
  const agent = hostAgent({ spec: execution, shared, context, ports, folder, config })
  await whileTimeMoves(agent.start())
  return async () => {
    await whileTimeMoves(agent.stop())
    await Promise.all([bus.close(), ledger.close(), venue.close()])
  }
}

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

async function rest(): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    await turn()
    quiet = pending.count > 0 ? 0 : quiet + 1
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function report(kind: Report['kind']): void {
  process.send?.({ kind } satisfies Report)
}

const stop = await start()
// Whoever is killed writes nothing at its end, and the next one begins like this one.
flushCompileCache()
process.on('message', (command: Command) => void obey(command))
report('ready')

async function obey(command: Command): Promise<void> {
  if (command.kind === 'doom') doom = command.doom
  if (command.kind === 'advance') await clock.advance(command.ms)
  if (command.kind === 'advance' || command.kind === 'rest') await rest()
  if (command.kind === 'stop') await stop()
  report('done')
  if (command.kind === 'stop') process.disconnect()
}
