// A risk manager with everything around it in this process: real shell, in-process bus, memory ledger
// (or the one that is given), a fake venue, and ears for what it says.
import { ack, createMemoryBroker, type Bus, type MemoryBroker } from '@flotilla/bus'
import {
  createMessage,
  deriveId,
  instant,
  TickerUpdated,
  type AnyMessage,
  type DenialReason,
  type MessageOfType,
  type MessageType,
} from '@flotilla/contracts'
import { hostAgent, SharedConfigSchema, type Agent } from '@flotilla/fleet'
import { createMemoryLedger, type Ledger } from '@flotilla/ledger'
import type { MarketStore, StoredPrice } from '@flotilla/market-store'
import type { Logger } from '@flotilla/runtime'
import { createTestContext, type TestContext } from '@flotilla/runtime/testing'
import { createFakeVenue, symbolRules, type FakeVenue } from '@flotilla/venue/testing'
import { RiskManagerConfig } from '../config.ts'
import { agent as spec } from '../index.ts'
import { intentMessage, testNow } from '../testing.ts'

export type RigOptions = {
  readonly broker?: MemoryBroker
  readonly bus?: Bus
  readonly ledger?: Ledger
  readonly venue?: FakeVenue
  readonly marketStore?: MarketStore
  readonly instance?: string
  /** A further account, hosted as the fleet hosts one. */
  readonly account?: string
  readonly balances?: Readonly<Record<string, string>>
  /** As in flotilla.yaml, below `risk:`. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly symbols?: readonly string[]
  readonly now?: number
  /** Told of every verdict and trading state instead of keeping them in `heard`. */
  readonly onHeard?: (message: AnyMessage) => void
  /** In place of the one that keeps its lines. */
  readonly logger?: Logger
}

export type Rig = {
  readonly agent: Agent
  readonly broker: MemoryBroker
  readonly ledger: Ledger
  readonly venue: FakeVenue
  readonly context: TestContext
  readonly heard: readonly AnyMessage[]
  heardOf<Type extends MessageType>(type: Type): MessageOfType<Type>[]
  publish(...messages: readonly AnyMessage[]): Promise<void>
  stop(): Promise<void>
}

/** The origin's trader: four fifths of the balance, and nothing else in the way. */
const originConfig = { balanceShare: '0.8', exposureShareMax: '1' }

const symbolsDefault = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT']

export function createRig(options: RigOptions = {}): Rig {
  const broker = options.broker ?? createMemoryBroker()
  const ledger = options.ledger ?? createMemoryLedger()
  const symbols = [...(options.symbols ?? symbolsDefault)]
  const context = createTestContext('risk-manager', {
    instance: options.instance ?? '1',
    ...(options.now === undefined ? {} : { now: options.now }),
  })
  const venue =
    options.venue ??
    createFakeVenue({
      rules: symbols.map((symbol) => symbolRules({ symbol })),
      balances: options.balances ?? { USDT: '84.54' },
      now: () => context.clock.now(),
    })
  const bus = options.bus ?? broker.connect()
  const { account } = options
  const config = RiskManagerConfig.parse(options.config ?? originConfig)
  const around = {
    shared: SharedConfigSchema.parse({
      symbols,
      ...(account === undefined ? {} : { account: { id: account } }),
    }),
    context: { ...context, logger: options.logger ?? context.logger },
    folder: '/nonexistent',
  }
  const ports = { bus, ledger, venue, marketStore: options.marketStore ?? emptyMarketStore() }
  const agent: Agent =
    account === undefined
      ? spec.create({ ...around, ...ports, config })
      : hostAgent({ ...around, spec, ports, config, marketVenue: 'simulator' })
  const heard: AnyMessage[] = []
  const outside = broker.connect()
  return {
    agent,
    broker,
    ledger,
    venue,
    context,
    heard,
    heardOf: <Type extends MessageType>(type: Type) =>
      heard.filter((message): message is MessageOfType<Type> => message.type === type),
    publish: (...messages) => outside.publishAll(messages),
    stop: async () => {
      await agent.stop()
      await bus.close()
      await outside.close()
    },
  }
}

/** Started, and with everything heard that it says. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const rig = createRig(options)
  await listen(rig, options.onHeard ?? keepOnce(rig))
  await rig.agent.start()
  return rig
}

/** Listens in the place of those to whom the risk manager speaks. */
async function listen(rig: Rig, hear: (message: AnyMessage) => void): Promise<void> {
  const bus = rig.broker.connect()
  const handler = async ({ message }: { message: AnyMessage }) => {
    hear(message)
    return ack
  }
  await bus.subscribe({
    agent: 'execution',
    types: ['risk.intent.approved.v1', 'risk.trading-state.changed.v1'],
    handler,
  })
  await bus.subscribe({ agent: 'strategy', types: ['risk.intent.denied.v1'], handler })
}

/** A message may come twice; each id is kept once. */
function keepOnce(rig: Rig): (message: AnyMessage) => void {
  const ids = new Set<string>()
  return (message) => {
    if (!ids.has(message.messageId)) (rig.heard as AnyMessage[]).push(message)
    ids.add(message.messageId)
  }
}

/** Waits for a condition without counting seconds: the test's own time limit is the limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

export function emptyMarketStore(
  prices: ReadonlyMap<string, StoredPrice> = new Map(),
): MarketStore {
  const health = {
    state: 'healthy',
    written: 0,
    buffered: 0,
    dropped: 0,
    failedWrites: 0,
    lastError: null,
  } as const
  return {
    writeCandles: async () => {},
    writeTickers: async () => {},
    writeIndicators: async () => {},
    writeEquity: async () => {},
    lastCandle: async () => null,
    candles: async () => [],
    lastPrice: async ({ symbol }) => prices.get(symbol) ?? null,
    lastIndicator: async () => null,
    indicators: async () => [],
    equity: async () => [],
    aggregate: async () => null,
    health: () => health,
    check: async () => health,
    takeHoles: () => [],
    flush: async () => health,
    close: async () => {},
  }
}

const threeSymbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT']
export const threeIntents = () =>
  threeSymbols.map((symbol) =>
    intentMessage({ symbol, expectedPrice: '100', intentId: deriveId(symbol) }),
  )

type Codes = readonly DenialReason['code'][]
/** Why each intent was denied, in the order of the denials. */
export const codesOf = (rig: Rig): Codes[] =>
  rig.heardOf('risk.intent.denied.v1').map(({ payload }) => payload.reasons.map(({ code }) => code))

export const later = instant(testNow + 3_600_000)

export function ticker(symbol: string, last: string, at: number): AnyMessage {
  return createMessage(TickerUpdated, {
    source: 'data-collection',
    occurredAt: at,
    discriminator: `${symbol} ${at}`,
    payload: {
      venue: 'simulator',
      symbol,
      last,
      bid: null,
      ask: null,
      quoteVolume24h: null,
      observedAt: instant(at),
    },
  })
}
