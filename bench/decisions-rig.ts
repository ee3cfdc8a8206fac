// What the decisions benchmark drives: the real risk manager, and beside it one that does the same work
// with a transaction for each decision. Both take intents from an in-process bus and are heard on it.
import { randomUUID } from 'node:crypto'
import { ack, createMemoryBroker, type MemoryBroker } from '@flotilla/bus'
import { createMessage, instant, IntentProposed } from '@flotilla/contracts'
import type { AnyMessage } from '@flotilla/contracts'
import type { Ledger } from '@flotilla/ledger'
import { createLogger, keepYoung } from '@flotilla/runtime'
import { createFakeVenue, symbolRules } from '@flotilla/venue/testing'
import { applyAll, decide, type IntentMessage } from '../services/risk-manager/src/core/index.ts'
import { unitOf } from '../services/risk-manager/src/store.ts'
import { book as bookOf, decimal, limits, testNow } from '../services/risk-manager/src/testing.ts'
import { startRig } from '../services/risk-manager/src/testing/rig.ts'
import { steadily } from './steadily.ts'

const symbols = Array.from({ length: 64 }, (_, index) => `A${index}/USDT`)
/** Enough that nobody is ever refused. */
const money = '100000000000'
const share = '0.000000001'

export type Rate = { readonly perSecond: number; readonly cpuMs: number }

export type Bench = {
  /** Decides so many intents as fast as they are taken, with so many of them under way. */
  decide(count: number, underWay: number): Promise<Rate>
  /** Offers intents at a steady rate; answers each decision's milliseconds, due to verdict. */
  atRate(perSecond: number, count: number): Promise<number[]>
  open(): number
  stop(): Promise<void>
}

/** The product. */
export async function startBench(ledger: Ledger): Promise<Bench> {
  // As every process of the fleet does.
  keepYoung()
  const broker = createMemoryBroker()
  const venue = createFakeVenue({
    rules: symbols.map((symbol) => symbolRules({ symbol })),
    balances: { USDT: money },
  })
  const config = {
    balanceShare: share,
    exposureShareMax: '1',
    openPositionsMax: 10_000,
    addToPositions: true,
  }
  const { onHeard, offer } = client(broker)
  // Lines are made as always, and go nowhere: kept, they would be the bench's own load.
  const logger = createLogger({
    agent: 'risk-manager',
    instance: '1',
    level: 'info',
    sinks: [{ write: () => undefined }],
  })
  const rig = await startRig({ ledger, broker, venue, symbols, config, onHeard, logger })
  const intents = intentsAt(rig.context.clock.now())
  return {
    decide: (count, underWay) => asFastAsPossible(offer, { intents, count, underWay }),
    atRate: (perSecond, count) => steadily({ perSecond, count }, (due) => offer(intents(), due)),
    open: () => Number(rig.agent.readiness().detail['openReservations']),
    stop: () => rig.stop(),
  }
}

/**
 * The usual way, each step awaited before the next: take an intent, decide, commit the decision in a
 * transaction of its own, say it, mark it as said, acknowledge. It has no lease to prove, keeps no
 * figures and writes no lines, which the product does.
 */
export async function startOneByOne(ledger: Ledger): Promise<Pick<Bench, 'decide' | 'stop'>> {
  const broker = createMemoryBroker()
  const prices = Object.fromEntries(symbols.map((symbol) => [symbol, '100']))
  const rules = symbols.map((symbol) => symbolRules({ symbol }))
  const book = bookOf({ funds: { USDT: money }, prices, rules })
  const allowed = limits({
    symbols: new Set(symbols),
    balanceShare: decimal(share),
    openPositionsMax: symbols.length + 1,
    addToPositions: true,
  })
  const { onHeard, offer } = client(broker)
  const bus = broker.connect()
  await bus.subscribe({
    agent: 'execution',
    types: ['risk.intent.approved.v1', 'risk.trading-state.changed.v1'],
    handler: async ({ message }) => {
      onHeard(message)
      return ack
    },
  })
  await bus.subscribe({
    agent: 'risk-manager',
    types: ['strategy.intent.proposed.v1'],
    handler: async (delivery) => {
      const message = delivery.message as IntentMessage
      const work = decide({ book, message, limits: allowed, now: testNow })
      applyAll(book, work.changes)
      const [outcome] = await ledger.commit([unitOf(message, work)])
      if (outcome?.kind !== 'committed') throw new Error('not committed')
      await bus.publishAll(work.outgoing)
      await ledger.markPublished(work.outgoing.map(({ messageId }) => messageId))
      return ack
    },
  })
  const intents = intentsAt(testNow)
  return {
    decide: (count) =>
      asFastAsPossible(offer, { intents, count, underWay: 1 }, () => broker.idle()),
    stop: () => bus.close(),
  }
}

type Offer = (message: IntentMessage, since: number) => Promise<number>

/** Offers an intent and waits for its verdict; answers the milliseconds since it was due. */
function client(broker: MemoryBroker): { onHeard: (message: AnyMessage) => void; offer: Offer } {
  const bus = broker.connect()
  const waiting = new Map<string, () => void>()
  return {
    onHeard: (message) => {
      if (message.type !== 'risk.intent.approved.v1') throw new Error(`heard a ${message.type}`)
      const { intentId } = message.payload
      waiting.get(intentId)?.()
      waiting.delete(intentId)
    },
    offer: async (message, since) => {
      const decided = new Promise<void>((resolve) => {
        waiting.set(message.payload.intentId, resolve)
      })
      await bus.publish(message)
      await decided
      return performance.now() - since
    },
  }
}

type Load = { readonly intents: () => IntentMessage; readonly count: number }

/** `settled` waits until nothing of an intent is left to be done, where the next may not begin before. */
async function asFastAsPossible(
  offer: Offer,
  { intents: next, count, underWay }: Load & { readonly underWay: number },
  settled?: () => Promise<void>,
): Promise<Rate> {
  const began = performance.now()
  const before = process.cpuUsage()
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      await offer(next(), performance.now())
      await settled?.()
    }
  }
  await Promise.all(Array.from({ length: underWay }, worker))
  const { user, system } = process.cpuUsage(before)
  return {
    perSecond: (count * 1_000) / (performance.now() - began),
    cpuMs: (user + system) / 1_000 / count,
  }
}

/** Makes intents as they are needed; random names cost next to nothing. */
function intentsAt(now: number): () => IntentMessage {
  const sample = createMessage(IntentProposed, {
    source: 'strategy',
    // Later than the agent's start by more than clocks differ: nothing to be looked up.
    occurredAt: now + 120_000,
    discriminator: 'sample',
    payload: {
      intentId: '',
      strategy: 'bench',
      venue: 'simulator',
      symbol: '',
      side: 'buy',
      purpose: 'entry',
      confidence: 80,
      expectedPrice: '100',
      expectedPriceAt: instant(now),
      reason: 'a benchmark',
      stopLossPrice: null,
      takeProfitPrice: null,
      expiresAt: instant(now + 3_600_000),
      chain: [],
    },
  })
  let made = 0
  return () => {
    const messageId = randomUUID()
    const symbol = symbols[made++ % symbols.length]!
    const payload = { ...sample.payload, intentId: randomUUID(), symbol }
    return { ...sample, messageId, correlationId: messageId, payload }
  }
}
