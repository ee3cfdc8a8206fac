// Two processes of the risk manager over a real RabbitMQ and a real PostgreSQL, of which one leads; the
// test is the strategy, the execution and the venue around them.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ack, connectRabbit, type Bus } from '@flotilla/bus'
import { deriveId, instant, type AnyMessage } from '@flotilla/contracts'
import { createSimulator, type Simulator } from '@flotilla/exchange-simulator'
import { Client } from 'pg'
import { intentMessage, testNow } from '../../../services/risk-manager/src/testing.ts'
import {
  startMoney,
  symbols,
  VenueModel,
} from '../../../services/risk-manager/src/testing/venue-model.ts'
import { launchAgent, type Member } from './process-fleet.ts'

export type TwoRiskManagers = {
  readonly venue: VenueModel
  /** The ids of the verdicts that were heard, by intent. */
  readonly verdicts: ReadonlyMap<string, ReadonlySet<string>>
  readonly proposed: ReadonlySet<string>
  /** Why anything was denied. */
  readonly codes: ReadonlySet<string>
  /** What cannot be, seen from PostgreSQL between any two commits; and how often it was looked. */
  readonly watch: { readonly wrong: readonly string[]; readonly looks: number }
  member(instance: string): Member
  /** The instance that holds the lease, and its epoch. */
  leader(): Promise<{ readonly instance: string; readonly epoch: number } | null>
  query(text: string): Promise<Record<string, unknown>[]>
  tell(message: AnyMessage): Promise<void>
  startTraffic(): Promise<void>
  stopTraffic(): Promise<void>
  stop(): Promise<void>
}

export const instances = ['a', 'b'] as const
const keys = { apiKey: 'rivalsKey', apiSecret: 'rivalsSecret' }
const LOOK_EVERY_MS = 50
const PROPOSE_EVERY_MS = 15
const WAITING_MAX = 500

export async function startTwoRiskManagers(options: {
  readonly databaseUrl: string
  readonly busUrl: string
  readonly folder: string
}): Promise<TwoRiskManagers> {
  const { databaseUrl, busUrl, folder } = options
  mkdirSync(folder, { recursive: true })
  const simulator = await startVenue(folder)
  const configFile = join(folder, 'flotilla.yaml')
  writeFileSync(configFile, configText({ databaseUrl, busUrl }, simulator.url))
  const members = new Map<string, Member>(
    instances.map((instance) => [
      instance,
      launchAgent('risk-manager', { configFile, folder, instance }),
    ]),
  )
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const query = async (text: string) => (await client.query<Record<string, unknown>>(text)).rows
  const bus = await connectRabbit({ url: busUrl, name: 'traffic' })
  const traffic = new Traffic(bus, simulator)
  const watch = watchBalances(query)
  return {
    venue: traffic.venue,
    verdicts: traffic.verdicts,
    proposed: traffic.proposed,
    codes: traffic.codes,
    watch,
    member: (instance) => members.get(instance)!,
    leader: async () => {
      const [row] = await query(
        `select instance, epoch from leadership
         where role = 'risk-manager:main' and expires_at > clock_timestamp()`,
      )
      if (row === undefined) return null
      return { instance: String(row['instance']), epoch: Number(row['epoch']) }
    },
    query,
    tell: (message) => bus.publish(message),
    startTraffic: () => traffic.begin(),
    stopTraffic: () => traffic.end(),
    stop: async () => {
      await traffic.end().catch(() => undefined)
      await watch.end()
      for (const { process } of members.values()) {
        process.kill('SIGCONT')
        process.kill('SIGTERM')
      }
      for (const { ended } of members.values()) await ended
      await bus.close()
      await client.end()
      await simulator.stop()
    },
  }
}

/** A market that stands still at 100: prices are not what this is about. */
async function startVenue(folder: string): Promise<Simulator> {
  const minutes = Array.from({ length: 240 }, (_, index) => testNow + (index - 60) * 60_000)
  const candles = symbols.map((symbol) => {
    const file = join(folder, `flat_${symbol.replace('/', '-')}_1m.csv`)
    const rows = minutes.map((at) => `${at},100,100,100,100,10`)
    writeFileSync(file, `timestamp_ms,open,high,low,close,volume\n${rows.join('\n')}\n`)
    return file
  })
  const simulator = createSimulator({
    config: {
      ...keys,
      symbols: [...symbols],
      candles,
      startAt: testNow,
      balances: { USDT: startMoney.toString() },
    },
    folder: null,
  })
  await simulator.start()
  return simulator
}

/** The broker notices within seconds that a peer has fallen silent, and the lease is as short. */
function configText(urls: { databaseUrl: string; busUrl: string }, venueUrl: string): string {
  const { apiKey, apiSecret } = keys
  return `
mode: paper
symbols: [${symbols.join(', ')}]
venue: { kind: simulator, url: '${venueUrl}', apiKey: ${apiKey}, apiSecret: ${apiSecret} }
simulator: { speed: 1 }
bus: { kind: rabbitmq, url: '${urls.busUrl}?heartbeat=1' }
ledger: { kind: postgres, url: '${urls.databaseUrl}' }
http: { port: 0 }
logs: { format: json }
risk:
  priceAgeMaxMs: 86400000
  balanceShare: 0.3
  exposureShareMax: 1
  addToPositions: true
  dailyLossMax: 1
  drawdown: { defenseUntil: 0.96, defenseAt: 0.97, haltUntil: 0.98, haltAt: 0.99 }
  leaseMs: 2000
`
}

/** Proposes without a pause, and answers approvals as a venue does: filled in parts, or canceled. */
class Traffic {
  readonly venue = new VenueModel()
  readonly verdicts = new Map<string, Set<string>>()
  readonly proposed = new Set<string>()
  readonly codes = new Set<string>()
  readonly #bus: Bus
  readonly #simulator: Simulator
  #timer: NodeJS.Timeout | null = null
  #sending: Promise<void> = Promise.resolve()
  #fault: Error | null = null

  constructor(bus: Bus, simulator: Simulator) {
    this.#bus = bus
    this.#simulator = simulator
  }

  async begin(): Promise<void> {
    const handler = async ({ message }: { readonly message: AnyMessage }) => {
      this.#hear(message)
      return ack
    }
    await this.#bus.subscribe({
      agent: 'execution',
      types: ['risk.intent.approved.v1', 'risk.trading-state.changed.v1'],
      handler,
    })
    await this.#bus.subscribe({
      agent: 'strategy',
      types: ['risk.intent.denied.v1', 'risk.trading-state.changed.v1'],
      handler,
    })
    // Nothing is published that one of its readers has no queue for.
    await this.#bus.subscribe({ agent: 'strategy', types: orderEnds, handler })
    this.#timer = setInterval(() => this.#act(), PROPOSE_EVERY_MS)
  }

  async end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#sending
    if (this.#fault !== null) throw this.#fault
  }

  #hear(message: AnyMessage): void {
    const approved = message.type === 'risk.intent.approved.v1'
    if (!approved && message.type !== 'risk.intent.denied.v1') return
    if (approved) this.venue.place(message.payload)
    else for (const { code } of message.payload.reasons) this.codes.add(code)
    const { intentId } = message.payload
    const told = this.verdicts.get(intentId) ?? new Set()
    this.verdicts.set(intentId, told.add(message.messageId))
  }

  #act(): void {
    const turn = this.proposed.size
    // On a slow machine what waits would grow for as long as it is added to.
    if (turn - this.verdicts.size >= WAITING_MAX) return
    const messages: (AnyMessage | null)[] = [this.#intent(turn)]
    const { open } = this.venue
    const oldest = open[0]
    if (oldest !== undefined) {
      const parts = 1 + (turn % 4)
      messages.push(
        turn % 5 === 0
          ? this.venue.cancel(oldest)
          : turn % 7 === 0
            ? this.venue.doubt(oldest)
            : this.venue.fill(oldest, parts),
      )
    }
    const said = messages.filter((each) => each !== null)
    this.#sending = this.#sending
      .then(() => this.#bus.publishAll(said))
      .catch((error: unknown) => {
        this.#fault ??= error instanceof Error ? error : new Error(String(error))
      })
  }

  #intent(turn: number): AnyMessage {
    const intentId = deriveId('rivals', String(turn))
    this.proposed.add(intentId)
    const now = this.#simulator.now()
    const entry = turn % 2 === 0
    return intentMessage({
      intentId,
      symbol: symbols[turn % symbols.length]!,
      strategy: 'rivals',
      side: entry ? 'buy' : 'sell',
      purpose: entry ? 'entry' : 'exit',
      expectedPrice: '100',
      expectedPriceAt: instant(now),
      expiresAt: instant(now + 600_000),
    })
  }
}

const orderEnds = [
  'execution.order.rejected.v1',
  'execution.order.filled.v1',
  'execution.order.canceled.v1',
  'execution.order.expired.v1',
  'execution.position.changed.v1',
] as const

type Watch = TwoRiskManagers['watch'] & { readonly end: () => Promise<void> }

/** Each look is one statement, so one state between two commits. */
function watchBalances(query: TwoRiskManagers['query']): Watch {
  const wrong: string[] = []
  let looks = 0
  let over = false
  const look = async (): Promise<void> => {
    while (!over) {
      const rows = await query(`
        select 'overcommitted' as what, account, asset from balances
          where reserved < 0 or reserved > total
        union all select 'not the sum of the reservations', account, asset
          from reservation_differences`)
      looks += 1
      wrong.push(...rows.map((row) => JSON.stringify(row)))
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }
  const looking = look()
  return {
    wrong,
    get looks() {
      return looks
    },
    end: async () => {
      over = true
      await looking
    },
  }
}
