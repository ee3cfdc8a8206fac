// Data-collection, risk-manager, execution and gateway as processes over a real broker and database, the
// simulator in the test's own process. The test is the strategy, which never stops asking for entries, and the
// operator; it hears everything at the broker and notes when.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ack, connectRabbit, type Bus } from '@flotilla/bus'
import {
  createMessage,
  deriveId,
  topologyOf,
  type AnyMessage,
  type Flatten,
  type Halt,
  type Pause,
  type Resume,
} from '@flotilla/contracts'
import { createSimulator, type Simulator } from '@flotilla/exchange-simulator'
import { Client } from 'pg'
import { intentMessage } from '../../../services/risk-manager/src/testing.ts'
import { eventually } from './eventually.ts'
import { pricesAt, wishedAt } from './prices.ts'
import { isReady, launchAgent, type Member } from './process-fleet.ts'

export const symbols = ['BTC/USDT', 'ETH/USDT'] as const
const processes = ['data-collection', 'risk-manager', 'execution'] as const
const keys = { apiKey: 'commandedKey', apiSecret: 'commandedSecret' }
const controlToken = 'a-token-that-nobody-guesses'
const PROPOSE_EVERY_MS = 40

/** Times are of this process, in milliseconds of `performance.now`. */
type Heard = { readonly at: number; readonly message: AnyMessage }
type Command = typeof Flatten | typeof Halt | typeof Pause | typeof Resume

export type Commanded = {
  readonly controlUrl: string
  readonly boughtOf: () => ReadonlySet<string>
  readonly deniedCount: number
  trade(): Promise<void>
  /** Answers when it was given. */
  command(command: Command): Promise<number>
  /** The same by HTTP at the gateway. */
  commandByHttp(command: Command): Promise<number>
  firstDenied(code: string, since: number): number | null
  /** When the first entry was filled that was proposed after this moment. */
  firstBought(since: number): number | null
  /** When the first order that closed the position was filled. */
  firstClosed(symbol: string, since: number): number | null
  /** Symbols of which the ledger has more than dust. */
  held(): Promise<string[]>
  stop(): Promise<void>
}

export async function startCommanded(options: {
  readonly databaseUrl: string
  readonly busUrl: string
  /** The same as the gateway's own user. */
  readonly gatewayBusUrl: string
  readonly folder: string
}): Promise<Commanded> {
  const { databaseUrl, busUrl, gatewayBusUrl, folder } = options
  mkdirSync(folder, { recursive: true })
  const simulator = createSimulator({
    config: {
      ...keys,
      speed: 1,
      seed: 7,
      symbols: [...symbols],
      // More than a slow machine can spend on small entries before it is done.
      balances: { USDT: '100000' },
      control: { enabled: true },
    },
    folder: null,
  })
  await simulator.start()
  const configFile = join(folder, 'flotilla.yaml')
  writeFileSync(configFile, configText({ databaseUrl, busUrl }, simulator.url))
  const place = { configFile, folder, instance: '1' }
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const bus = await connectRabbit({ url: busUrl, name: 'traffic' })
  const traffic = new Traffic(bus, simulator)
  // Before anybody speaks: nothing is published that one of its readers has no queue for.
  await traffic.listen()
  const environment = {
    FLOTILLA_BUS__URL: gatewayBusUrl,
    FLOTILLA_GATEWAY__CONTROL__TOKEN: controlToken,
  }
  const gateway = launchAgent('gateway', { ...place, environment })
  const members = [...processes.map((agent) => launchAgent(agent, place)), gateway]
  return {
    controlUrl: simulator.controlUrl!,
    boughtOf: () => new Set(traffic.entries.map(({ symbol }) => symbol)),
    get deniedCount() {
      return traffic.denied.length
    },
    trade: async () => {
      const ready = () => Promise.all(members.map(isReady))
      const limit = { withinMs: 90_000, everyMs: 100 }
      await eventually(ready, (each) => each.every((one) => one), limit)
      await traffic.begin()
    },
    command: (command) => traffic.command(command),
    commandByHttp: async (command) => giveByHttp(await gateway.url, command),
    firstDenied: (code, since) =>
      traffic.denied.find(({ at, codes }) => at > since && codes.includes(code))?.at ?? null,
    firstBought: (since) =>
      traffic.entries.find(({ proposedAt }) => proposedAt > since)?.at ?? null,
    firstClosed: (symbol, since) =>
      traffic.closed.find((each) => each.at > since && each.symbol === symbol)?.at ?? null,
    held: async () => {
      const { rows } = await client.query<{ symbol: string }>(
        `select symbol from positions where quantity > 0 and protection->>'state' <> 'dust'`,
      )
      return rows.map(({ symbol }) => symbol)
    },
    stop: () => stopAll({ traffic, members, bus, client, simulator }),
  }
}

async function stopAll(all: {
  readonly traffic: Traffic
  readonly members: readonly Member[]
  readonly bus: Bus
  readonly client: Client
  readonly simulator: Simulator
}): Promise<void> {
  await all.traffic.end().catch(() => undefined)
  for (const { process } of all.members) process.kill('SIGTERM')
  for (const { ended } of all.members) await ended
  await all.bus.close()
  await all.client.end()
  await all.simulator.stop()
}

/** Small entries one upon another: at every moment some are decided, sent or filled. */
function configText(urls: { databaseUrl: string; busUrl: string }, venueUrl: string): string {
  const { apiKey, apiSecret } = keys
  return `
mode: paper
symbols: [${symbols.join(', ')}]
venue: { kind: simulator, url: '${venueUrl}', apiKey: ${apiKey}, apiSecret: ${apiSecret} }
simulator: { speed: 1 }
bus: { kind: rabbitmq, url: '${urls.busUrl}' }
ledger: { kind: postgres, url: '${urls.databaseUrl}' }
http: { port: 0 }
gateway: { port: 0 }
logs: { format: json }
data: { historyCandles: 60 }
risk:
  balanceShare: 0.0003
  exposureShareMax: 1
  addToPositions: true
  dailyLossMax: 1
  drawdown: { defenseUntil: 0.96, defenseAt: 0.97, haltUntil: 0.98, haltAt: 0.99 }
`
}

async function giveByHttp(healthUrl: string, { type }: Command): Promise<number> {
  const { agents } = (await (await fetch(`${healthUrl}/api/v1/health`)).json()) as {
    agents: { detail: { url: string } }[]
  }
  const action = type.split('.')[1]!
  const at = performance.now()
  const response = await fetch(`${agents[0]!.detail.url}/api/v1/control/${action}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${controlToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ account: null, symbol: null, reason: 'a test', requestedBy: 'ada' }),
  })
  if (response.status !== 202) throw new Error(`${action}: ${await response.text()}`)
  return at
}

class Traffic {
  readonly entries: {
    readonly at: number
    readonly proposedAt: number
    readonly symbol: string
  }[] = []
  readonly #proposedAt = new Map<string, number>()
  readonly denied: { readonly at: number; readonly codes: readonly string[] }[] = []
  readonly closed: { readonly at: number; readonly symbol: string }[] = []
  readonly #bus: Bus
  readonly #simulator: Simulator
  #timer: NodeJS.Timeout | null = null
  #sending: Promise<void> = Promise.resolve()
  #fault: Error | null = null
  #turn = 0

  constructor(bus: Bus, simulator: Simulator) {
    this.#bus = bus
    this.#simulator = simulator
  }

  async listen(): Promise<void> {
    const handler = async ({ message }: { readonly message: AnyMessage }) => {
      this.#hear({ at: performance.now(), message })
      return ack
    }
    const readers = {
      strategy: ofStrategy,
      'technical-analysis': ['market.universe.changed.v1'],
    } as const
    for (const [agent, types] of Object.entries(readers)) {
      await this.#bus.subscribe({ agent: agent as keyof typeof readers, types, handler })
    }
  }

  async begin(): Promise<void> {
    const prices = await pricesAt(this.#simulator.url, symbols)
    this.#timer = setInterval(() => this.#propose(prices), PROPOSE_EVERY_MS)
  }

  async end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#sending
    if (this.#fault !== null) throw this.#fault
  }

  async command(command: Command): Promise<number> {
    this.#turn += 1
    const at = performance.now()
    await this.#bus.publish(
      createMessage(command, {
        source: 'operator',
        occurredAt: this.#simulator.now(),
        discriminator: `commanded ${this.#turn}`,
        payload: { requestedBy: 'ada', reason: 'a test', account: null, symbol: null },
      }) as AnyMessage,
    )
    return at
  }

  #hear({ at, message }: Heard): void {
    if (message.type === 'risk.intent.denied.v1') {
      this.denied.push({ at, codes: message.payload.reasons.map(({ code }) => code) })
    }
    if (message.type !== 'execution.order.filled.v1') return
    const { symbol, leg, intentId } = message.payload
    const proposedAt = this.#proposedAt.get(intentId)
    if (leg === 'entry' && proposedAt !== undefined) this.entries.push({ at, proposedAt, symbol })
    if (leg === 'flatten') this.closed.push({ at, symbol })
  }

  #propose(prices: ReadonlyMap<string, number>): void {
    this.#turn += 1
    const symbol = symbols[this.#turn % symbols.length]!
    const price = prices.get(symbol)!
    const now = this.#simulator.now()
    const intentId = deriveId('commanded', String(this.#turn))
    this.#proposedAt.set(intentId, performance.now())
    const message = intentMessage({
      intentId,
      symbol,
      ...wishedAt(price, now),
    })
    this.#sending = this.#sending
      .then(() => this.#bus.publish(message))
      .catch((error: unknown) => {
        this.#fault ??= error instanceof Error ? error : new Error(String(error))
      })
  }
}

/** What must not be lost on its way to the strategies. */
const ofStrategy = topologyOf('strategy').consumes.filter(
  (type) => type !== 'analysis.signals.computed.v1' && type !== 'market.ticker.updated.v1',
)
