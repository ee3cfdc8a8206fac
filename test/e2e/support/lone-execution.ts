// A process of the execution agent alone, with real servers around it that a test can take away: RabbitMQ behind
// a relay, a PostgreSQL of its own, the simulator over its wire. The test is everybody else of the fleet.
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRabbit, provisionRabbit, type Bus } from '@flotilla/bus'
import {
  createMessage,
  Heartbeat,
  instant,
  parseMessage,
  type AgentName,
  type AnyMessage,
  type MessageOfType,
} from '@flotilla/contracts'
import { createSimulator, type Simulator } from '@flotilla/exchange-simulator'
import { openPostgresLedger, startPrivatePostgres, type Ledger } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { connect } from 'amqplib'
import { processesIn } from '../../../packages/ledger/src/private-postgres/processes.ts'
import {
  account,
  approval,
  hold,
  openTestLedger,
  symbol,
  type ApprovalOptions,
} from '../../../services/execution/src/testing.ts'
import { tickerMessage } from '../../chaos/support/messages.ts'
import { createFaultClient, type FaultClient } from '../../chaos/support/fault-client.ts'
import { openRelay, type TcpRelay } from '../../support/tcp-relay.ts'
import { priceAt } from './prices.ts'
import { isReady, launchAgent, type Member } from './process-fleet.ts'

/** Market time against real time, so that a minute of candles does not take one. */
const SPEED = 30
const BEAT_MS = 300
const keys = { apiKey: 'loneKey', apiSecret: 'loneSecret' }

type Detail = {
  readonly entriesStopped: readonly { readonly cause: string; readonly reason: string }[]
}

export class LoneExecution {
  readonly simulator: Simulator
  readonly faults: FaultClient
  readonly relay: TcpRelay
  readonly ledger: Ledger
  /** What the agent has said on the bus, in its order there. */
  readonly said: AnyMessage[] = []
  /** Who of the others is alive. */
  readonly beating = new Set<AgentName>(['risk-manager', 'data-collection'])
  /** How old prices are when they arrive, market milliseconds. */
  priceAgeMs = 0
  readonly #member: Member
  readonly #bus: Bus
  readonly #dataFolder: string
  readonly #closers: (() => Promise<unknown>)[]
  #beats = 0
  #approvals = 0

  constructor(parts: Parts) {
    this.simulator = parts.simulator
    this.faults = createFaultClient(parts.simulator.controlUrl ?? '')
    this.relay = parts.relay
    this.ledger = parts.ledger
    this.#member = parts.member
    this.#bus = parts.bus
    this.#dataFolder = parts.dataFolder
    this.#closers = parts.closers
    const timer = setInterval(() => void this.#beat().catch(() => undefined), BEAT_MS)
    this.#closers.push(async () => clearInterval(timer))
  }

  isReady(): Promise<boolean> {
    return isReady(this.#member)
  }

  /** Why entries are stopped, as the agent tells it over HTTP. */
  async stops(): Promise<readonly string[]> {
    const url = await this.#member.url
    const answer = await fetch(`${url}/api/v1/health/readiness`)
    const { agents } = (await answer.json()) as { agents: { detail: Partial<Detail> }[] }
    return (agents[0]?.detail.entriesStopped ?? []).map(({ cause }) => cause)
  }

  alerts(cause: string): MessageOfType<'execution.entries.changed.v1'>['payload'][] {
    return this.said.flatMap((message) =>
      message.type === 'execution.entries.changed.v1' && message.payload.cause === cause
        ? [message.payload]
        : [],
    )
  }

  /** Approves as the risk manager does; the intent's id. */
  async approve(purpose: 'entry' | 'exit'): Promise<string> {
    this.#approvals += 1
    const price = Decimal.from(await priceAt(this.simulator.url, symbol))
    const at = (factor: string) => price.times(factor).round(2, 'down').toString()
    const name = `lone ${this.#approvals}`
    const options: ApprovalOptions = {
      name,
      purpose,
      quantity: '0.01',
      limitPrice: at('1.02'),
      stop: at('0.9'),
      takeProfit: at('1.5'),
      now: this.simulator.now(),
      expiresInMs: 86_400_000,
    }
    const { message, reservation } = approval(options)
    await hold(this.ledger, reservation)
    await this.#bus.publish(message)
    return message.payload.intentId
  }

  /** How the intent ended; null while it has not. */
  async endOf(intentId: string): Promise<string | null> {
    const orders = await this.ledger.loadOrdersOfIntent(account, intentId)
    const own = orders.filter(({ leg }) => leg === 'entry' || leg === 'exit')
    const last = own.at(-1)
    if (last === undefined || !ended.has(last.state)) return null
    return last.state === 'filled' ? 'filled' : (last.reason ?? last.state)
  }

  /** How the position of the symbol is protected; `flat` when nothing is held that could be sold. */
  async protection(): Promise<string> {
    const position = await this.ledger.findPosition(account, 'simulator', symbol)
    const state = position?.protection?.state ?? 'none'
    const isHeld = position?.quantity.isPositive() === true && state !== 'dust'
    return isHeld ? state : 'flat'
  }

  /** Every process of the database server, the main one and those of the connections. */
  signalDatabase(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const pids = processesIn(this.#dataFolder)
    if (pids.length === 0) throw new Error(`no server runs in ${this.#dataFolder}`)
    for (const pid of pids) process.kill(pid, signal)
  }

  async stop(): Promise<void> {
    this.signalDatabase('SIGCONT')
    this.relay.mend()
    for (const close of this.#closers.toReversed()) await close()
  }

  async #beat(): Promise<void> {
    const now = this.simulator.now()
    this.#beats += 1
    for (const agent of this.beating) await this.#bus.publish(heartbeat(agent, now, this.#beats))
    const price = await priceAt(this.simulator.url, symbol)
    await this.#bus.publish(tickerMessage({ now: now - this.priceAgeMs, price }))
  }
}

const ended: ReadonlySet<string> = new Set([
  'filled',
  'rejected',
  'canceled',
  'expired',
  'not-placed',
])

function heartbeat(agent: AgentName, now: number, sequence: number): AnyMessage {
  const startedAt = instant(0)
  const payload = { agent, instance: 'test', ready: true, startedAt, sequence }
  const discriminator = `${agent} ${sequence}`
  const of = agent === 'risk-manager' ? { account } : {}
  return createMessage(Heartbeat, { payload, source: agent, occurredAt: now, discriminator, ...of })
}

type Parts = {
  readonly simulator: Simulator
  readonly relay: TcpRelay
  readonly ledger: Ledger
  readonly member: Member
  readonly bus: Bus
  readonly dataFolder: string
  readonly closers: (() => Promise<unknown>)[]
}

/** Closes what was opened when something of it cannot be. */
export async function startLoneExecution(busUrl: string): Promise<LoneExecution> {
  const closers: (() => Promise<unknown>)[] = []
  try {
    return await open(busUrl, closers)
  } catch (error) {
    for (const close of closers.toReversed()) await close()
    throw error
  }
}

async function open(busUrl: string, closers: Parts['closers']): Promise<LoneExecution> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'flotilla-lone-')))
  // The server runs as another user when we are root; out of its reach the data would lie elsewhere, and stay.
  chmodSync(folder, 0o755)
  closers.push(async () => rmSync(folder, { recursive: true, force: true }))
  const simulator = createSimulator({
    config: {
      ...keys,
      speed: SPEED,
      symbols: [symbol],
      balances: { USDT: '100000' },
      control: { enabled: true },
    },
    folder: null,
  })
  await simulator.start()
  closers.push(() => simulator.stop())
  const databaseFolder = join(folder, 'postgres')
  mkdirSync(databaseFolder, { mode: 0o755 })
  const database = await startPrivatePostgres({ folder: databaseFolder })
  closers.push(() => database.stop())
  const ledger = await openTestLedger(await openPostgresLedger({ url: database.url }))
  closers.push(() => ledger.close())
  await provisionRabbit(busUrl)
  const { hostname: host, port } = new URL(busUrl)
  const relay = await openRelay({ host, port: Number(port) })
  closers.push(() => relay.close())
  const bus = await connectRabbit({ url: busUrl, name: 'fleet' })
  closers.push(() => bus.close())
  const relayed = new URL(busUrl)
  relayed.port = String(relay.port)
  const configFile = join(folder, 'flotilla.yaml')
  writeFileSync(configFile, configText({ simulator, busUrl: relayed.href, ledger: database.url }))
  const member = launchAgent('execution', { configFile, folder, instance: '1' })
  closers.push(async () => {
    member.process.kill('SIGTERM')
    await member.ended
  })
  const dataFolder = realpathSync(join(databaseFolder, 'data'))
  const lone = new LoneExecution({ simulator, relay, ledger, member, bus, dataFolder, closers })
  closers.push(await listen(busUrl, lone.said))
  return lone
}

/** Whatever execution says, whether an agent has a queue for it or not. */
async function listen(busUrl: string, said: AnyMessage[]): Promise<() => Promise<void>> {
  const connection = await connect(busUrl)
  const channel = await connection.createChannel()
  const { queue } = await channel.assertQueue('', { exclusive: true })
  await channel.bindQueue(queue, 'flotilla.trading', 'execution.#')
  const take = (content: Buffer) => said.push(parseMessage(JSON.parse(content.toString('utf8'))))
  await channel.consume(queue, (delivery) => delivery !== null && take(delivery.content), {
    noAck: true,
  })
  return () => connection.close()
}

type Places = { readonly simulator: Simulator; readonly busUrl: string; readonly ledger: string }

/** Two seconds are too long here, and the lease is as short. Times are real milliseconds. */
function configText({ simulator, busUrl, ledger }: Places): string {
  const { apiKey, apiSecret } = keys
  return `
mode: paper
symbols: [${symbol}]
venue: { kind: simulator, url: '${simulator.url}', apiKey: ${apiKey}, apiSecret: ${apiSecret} }
simulator: { speed: ${SPEED} }
bus: { kind: rabbitmq, url: '${busUrl}' }
ledger: { kind: postgres, url: '${ledger}' }
http: { port: 0 }
heartbeat: { intervalMs: 500 }
logs: { format: json }
execution:
  silenceMs: 2000
  lateMs: 2000
  leaseMs: 3000
  pollMs: 1000
  pollFollowedMs: 1000
  tickMs: 100
`
}
