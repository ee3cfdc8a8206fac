// An execution agent with everything around it in this process: the real shell, an in-process bus, a
// memory ledger, a fake venue, and ears for what it says. The world survives an agent that dies.
import { ack, createMemoryBroker, type Bus, type MemoryBroker } from '@flotilla/bus'
import {
  topologyOf,
  type AnyMessage,
  type MessageOfType,
  type MessageType,
} from '@flotilla/contracts'
import { SharedConfigSchema, type Agent } from '@flotilla/fleet'
import type { Ledger } from '@flotilla/ledger'
import { createTestContext, type TestContext } from '@flotilla/runtime/testing'
import { createFakeVenue, symbolRules, type FakeVenue } from '@flotilla/venue/testing'
import type { SymbolRules, Venue } from '@flotilla/venue'
import type { z } from 'zod'
import { ExecutionConfig } from '../config.ts'
import { agent as spec } from '../index.ts'
import {
  approval,
  hold,
  openTestLedger,
  startedAt,
  venueName,
  type ApprovalOptions,
} from '../testing.ts'

const symbols = ['BTC/USDT', 'ETH/USDT']

/** What outlives a process. */
export type World = {
  readonly ledger: Ledger
  readonly venue: FakeVenue
  now: number
  /** How far the venue's clock is behind ours, milliseconds. */
  venueLagMs: number
}

export async function createWorld(own?: Ledger, rules: Partial<SymbolRules> = {}): Promise<World> {
  const ledger = await openTestLedger(own)
  const world = { now: startedAt, venueLagMs: 0 }
  const venue = createFakeVenue({
    name: venueName,
    rules: symbols.map((symbol) => symbolRules({ ...rules, symbol })),
    balances: { USDT: '1000000' },
    prices: { 'BTC/USDT': '50000', 'ETH/USDT': '2500' },
    now: () => world.now - world.venueLagMs,
  })
  return Object.assign(world, { ledger, venue })
}

export type Rig = {
  readonly agent: Agent
  readonly broker: MemoryBroker
  readonly context: TestContext
  readonly heard: readonly AnyMessage[]
  /** What the agent has put on the bus, heard by somebody or not. */
  readonly said: readonly AnyMessage[]
  heardOf<Type extends MessageType>(type: Type): MessageOfType<Type>[]
  publish(...messages: readonly AnyMessage[]): Promise<void>
  /** Moves market time on until the condition holds. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>
  stop(): Promise<void>
}

export type RigOptions = {
  /** The ledger and the venue as this process sees them. */
  readonly ledger?: Ledger
  readonly venue?: Venue
  readonly instance?: string
  readonly config?: z.input<typeof ExecutionConfig>
}

export async function createRig(world: World, options: RigOptions = {}): Promise<Rig> {
  const broker = createMemoryBroker()
  const instance = options.instance ?? '1'
  const context = createTestContext('execution', { now: world.now, instance })
  const bus = broker.connect()
  const outside = broker.connect()
  const said: AnyMessage[] = []
  const agent = spec.create({
    config: ExecutionConfig.parse(options.config ?? {}),
    shared: SharedConfigSchema.parse({ symbols, simulator: { speed: 1 } }),
    context,
    folder: '/nonexistent',
    bus: recorded(bus, said),
    ledger: options.ledger ?? world.ledger,
    venue: options.venue ?? world.venue,
  })
  const heard: AnyMessage[] = []
  await listen(outside, heard)
  return {
    agent,
    broker,
    context,
    heard,
    said,
    heardOf: <Type extends MessageType>(type: Type) =>
      heard.filter((message): message is MessageOfType<Type> => message.type === type),
    publish: (...messages) => outside.publishAll(messages),
    until: async (holds) => {
      while (!(await holds())) {
        await context.clock.advance(250)
        world.now = context.clock.now()
        await turns()
      }
    },
    stop: async () => {
      await agent.stop()
      await bus.close()
      await outside.close()
    },
  }
}

/** As the risk manager approves: the reservation is in the ledger before the word is out. */
export async function approve(world: World, rig: Rig, options: ApprovalOptions) {
  const { message, reservation } = approval({ now: world.now, ...options })
  await hold(world.ledger, reservation)
  await rig.publish(message)
  return message
}

function recorded(bus: Bus, said: AnyMessage[]): Bus {
  return {
    publish: (message) => {
      said.push(message)
      return bus.publish(message)
    },
    publishAll: (messages) => {
      said.push(...messages)
      return bus.publishAll(messages)
    },
    subscribe: (options) => bus.subscribe(options),
    health: () => bus.health(),
    close: () => bus.close(),
  }
}

/** Hears what the risk manager would hear; each message id is kept once. */
async function listen(bus: ReturnType<MemoryBroker['connect']>, heard: AnyMessage[]) {
  const ids = new Set<string>()
  const types = topologyOf('risk-manager').consumes.filter((type) => type.startsWith('execution.'))
  await bus.subscribe({
    agent: 'risk-manager',
    types,
    handler: async ({ message }) => {
      if (!ids.has(message.messageId)) heard.push(message)
      ids.add(message.messageId)
      return ack
    },
  })
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
