// Who publishes what, who consumes it, and how it travels. The bus declares its exchanges and
// queues from this, and the message catalogue and the diagram are drawn from it.
//
// A stream is a group of message types that share one queue per consumer and partition, so that
// their order holds: what happens to one order is spread over eight types, and a consumer that saw
// the end before the last fill would free money that is already spent.
import { messageTypes, type AnyMessage, type MessageType } from './catalogue.ts'
import type { AgentName } from './primitives.ts'

/** Named `flotilla.<name>` at the broker. */
export type ExchangeName = 'market' | 'trading' | 'control'

export type Stream = {
  readonly exchange: ExchangeName
  /** Durable messages are confirmed and never dropped; others may be lost and are refilled. */
  readonly durable: boolean
  /** Into how many queues the symbols are spread; 1 for messages that are not about a symbol. */
  readonly partitions: number
  /** A transient queue drops its oldest above this length; a durable one holds its publisher. */
  readonly lengthMax: number
  readonly types: readonly MessageType[]
}

/** Enough to keep several workers busy, few enough that a small broker carries the queues. */
const PARTITIONS = 4
const market = { exchange: 'market', durable: false, partitions: PARTITIONS } as const
const trading = { exchange: 'trading', durable: true, lengthMax: 100_000 } as const
/** What operators command of trading. */
export const tradingCommands = [
  'control.pause.v1',
  'control.resume.v1',
  'control.halt.v1',
  'control.flatten.v1',
] as const

export const streams = {
  candles: { ...market, lengthMax: 20_000, types: ['market.candle.closed.v1'] },
  tickers: { ...market, lengthMax: 1_000, types: ['market.ticker.updated.v1'] },
  books: { ...market, lengthMax: 200, types: ['market.book.updated.v1'] },
  history: {
    ...market,
    lengthMax: 500,
    types: [
      'market.history.requested.v1',
      'market.history.provided.v1',
      'analysis.indicators.requested.v1',
    ],
  },
  signals: { ...market, lengthMax: 20_000, types: ['analysis.signals.computed.v1'] },
  heartbeats: {
    exchange: 'market',
    durable: false,
    partitions: 1,
    lengthMax: 1_000,
    types: ['agent.heartbeat.v1'],
  },
  sources: {
    ...trading,
    partitions: 1,
    types: ['market.universe.changed.v1', 'market.source.state-changed.v1'],
  },
  intents: { ...trading, partitions: PARTITIONS, types: ['strategy.intent.proposed.v1'] },
  verdicts: {
    ...trading,
    partitions: PARTITIONS,
    types: ['risk.intent.approved.v1', 'risk.intent.denied.v1'],
  },
  orders: {
    ...trading,
    partitions: PARTITIONS,
    types: [
      'execution.order.submitted.v1',
      'execution.order.accepted.v1',
      'execution.order.rejected.v1',
      'execution.order.partially-filled.v1',
      'execution.order.filled.v1',
      'execution.order.canceled.v1',
      'execution.order.expired.v1',
      'execution.order.unknown.v1',
      'execution.position.changed.v1',
      'execution.protection.failed.v1',
    ],
  },
  account: {
    ...trading,
    partitions: 1,
    types: [
      'risk.regime.changed.v1',
      'risk.equity.valued.v1',
      'risk.trading-state.changed.v1',
      'execution.entries.changed.v1',
    ],
  },
  control: {
    exchange: 'control',
    durable: true,
    partitions: 1,
    lengthMax: 10_000,
    types: [...tradingCommands, 'control.reload.v1'],
  },
} as const satisfies Record<string, Stream>

export type StreamName = keyof typeof streams
export const streamNames = Object.keys(streams) as readonly StreamName[]

export type AgentTopology = {
  readonly publishes: readonly MessageType[]
  readonly consumes: readonly MessageType[]
}

/** Agents that a later release adds are in the list of names, but have no queues until they run. */
export const agents: Readonly<Partial<Record<AgentName, AgentTopology>>> = {
  'data-collection': {
    publishes: [
      ...streams.candles.types,
      ...streams.tickers.types,
      ...streams.books.types,
      ...streams.sources.types,
      'market.history.provided.v1',
      'agent.heartbeat.v1',
    ],
    consumes: ['control.reload.v1', 'market.history.requested.v1'],
  },
  'technical-analysis': {
    publishes: [
      'analysis.signals.computed.v1',
      'market.history.requested.v1',
      'agent.heartbeat.v1',
    ],
    consumes: [
      'market.candle.closed.v1',
      'market.history.provided.v1',
      'analysis.indicators.requested.v1',
      'market.universe.changed.v1',
    ],
  },
  strategy: {
    publishes: [
      'strategy.intent.proposed.v1',
      'analysis.indicators.requested.v1',
      'agent.heartbeat.v1',
    ],
    consumes: [
      'analysis.signals.computed.v1',
      'market.ticker.updated.v1',
      'risk.intent.denied.v1',
      'execution.order.rejected.v1',
      'execution.order.filled.v1',
      'execution.order.canceled.v1',
      'execution.order.expired.v1',
      'execution.position.changed.v1',
      'market.universe.changed.v1',
      'risk.trading-state.changed.v1',
    ],
  },
  'risk-manager': {
    publishes: [
      ...streams.verdicts.types,
      'risk.regime.changed.v1',
      'risk.equity.valued.v1',
      'risk.trading-state.changed.v1',
      'agent.heartbeat.v1',
    ],
    consumes: [
      'market.candle.closed.v1',
      'market.ticker.updated.v1',
      'market.book.updated.v1',
      'market.source.state-changed.v1',
      'market.universe.changed.v1',
      'strategy.intent.proposed.v1',
      ...streams.orders.types,
      ...tradingCommands,
    ],
  },
  execution: {
    publishes: [...streams.orders.types, 'execution.entries.changed.v1', 'agent.heartbeat.v1'],
    consumes: [
      'market.ticker.updated.v1',
      'risk.intent.approved.v1',
      'risk.trading-state.changed.v1',
      'control.flatten.v1',
      'control.resume.v1',
      'control.reload.v1',
      'agent.heartbeat.v1',
    ],
  },
  gateway: {
    publishes: ['strategy.intent.proposed.v1', ...tradingCommands, 'agent.heartbeat.v1'],
    consumes: ['market.ticker.updated.v1'],
  },
  operator: {
    publishes: [...streams.control.types, 'strategy.intent.proposed.v1'],
    consumes: [],
  },
}

/**
 * Agents that exist once per account: each further account has its own, with durable queues of its
 * own, so that every account takes every intent. The others serve all accounts.
 */
export const perAccountAgents = ['risk-manager', 'execution'] as const satisfies AgentName[]
export type PerAccountAgent = (typeof perAccountAgents)[number]

export const agentNames = Object.keys(agents) as readonly AgentName[]

export function topologyOf(agent: AgentName): AgentTopology {
  const topology = agents[agent]
  if (topology === undefined) throw new RangeError(`${agent} has no place in the topology yet`)
  return topology
}

/** Whether a message of this type can be true when this agent says it. */
export function mayPublish(agent: AgentName, type: MessageType): boolean {
  return agents[agent]?.publishes.includes(type) === true
}

const streamByType = new Map<string, StreamName>(
  streamNames.flatMap((name) => streams[name].types.map((type) => [type, name] as const)),
)

export function streamOf(type: MessageType): StreamName {
  return streamByType.get(type)!
}

export function streamNamed(name: StreamName): Stream {
  return streams[name]
}

/** The agents that have a queue for this type; none means that nobody has to be reached. */
export function consumersOf(type: MessageType): readonly AgentName[] {
  return agentNames.filter((agent) => topologyOf(agent).consumes.includes(type))
}

/** The streams an agent has queues for, each with the types it binds. */
export function subscriptionsOf(
  agent: AgentName,
): readonly { readonly stream: StreamName; readonly types: readonly MessageType[] }[] {
  const { consumes } = topologyOf(agent)
  return streamNames
    .map((stream) => ({ stream, types: consumes.filter((type) => streamOf(type) === stream) }))
    .filter(({ types }) => types.length > 0)
}

/** `BTC/USDT` as a part of a routing key: `btc-usdt`. */
export function symbolSlug(symbol: string): string {
  return symbol.toLowerCase().replace('/', '-')
}

/**
 * The partition of a symbol, from 0 to count - 1: FNV-1a of its text, finished as MurmurHash3
 * finishes (fmix32), because FNV alone leaves the low bits of short texts uneven.
 */
export function partitionOf(symbol: string, count: number): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < symbol.length; index++) {
    hash = Math.imul(hash ^ symbol.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) % count
}

/** The partition a message travels in; 0 in a stream that has only one. */
export function partitionOfMessage(message: AnyMessage): number {
  const { partitions } = streams[streamOf(message.type)]
  if (partitions === 1) return 0
  return partitionOf(marketOf(message).symbol, partitions)
}

function marketOf(message: AnyMessage): { readonly venue: string; readonly symbol: string } {
  const { payload } = message
  if ('venue' in payload && 'symbol' in payload) return payload
  throw new RangeError(`${message.type} travels by symbol but names no venue and symbol`)
}

/** `p07`: two digits, so that keys sort. */
export function partitionKey(partition: number): string {
  return `p${String(partition).padStart(2, '0')}`
}

/** `<type>`, and for streams spread by symbol `<type>.<venue>.<symbol>.<partition>`. */
export function routingKeyOf(message: AnyMessage): string {
  if (streams[streamOf(message.type)].partitions === 1) return message.type
  const { venue, symbol } = marketOf(message)
  const partition = partitionKey(partitionOfMessage(message))
  return `${message.type}.${venue}.${symbolSlug(symbol)}.${partition}`
}

/** The pattern that binds one type of one partition to a queue. */
export function bindingKeyOf(type: MessageType, partition: number): string {
  return streams[streamOf(type)].partitions === 1 ? type : `${type}.*.*.${partitionKey(partition)}`
}

/**
 * `<agent>.<stream>`, and `<agent>.<stream>.p03` for one partition of several. An owner is an agent, or
 * `<agent>.account-<account>` of a further account.
 */
export function queueNameOf(owner: string, stream: StreamName, partition: number): string {
  const name = `${owner}.${stream}`
  return streams[stream].partitions === 1 ? name : `${name}.${partitionKey(partition)}`
}

/** Types that no stream carries; a test keeps this empty. */
export const unplacedTypes = messageTypes.filter((type) => !streamByType.has(type))
