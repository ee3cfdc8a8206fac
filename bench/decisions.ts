// P3: durable decisions per second on one hot account. The real risk manager on the in-process bus and
// a real PostgreSQL, against the same ledger with one transaction per decision; then the latency of a
// decision at half that load; then both again while the number of open reservations grows.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryBroker } from '@flotilla/bus'
import { createMessage, deriveId, instant, IntentProposed } from '@flotilla/contracts'
import type { AnyMessage } from '@flotilla/contracts'
import { openPostgresLedger, startPrivatePostgres, type Ledger } from '@flotilla/ledger'
import { createLogger } from '@flotilla/runtime'
import { createFakeVenue, symbolRules } from '@flotilla/venue/testing'
import { applyAll, decide } from '../services/risk-manager/src/core/index.ts'
import { unitOf } from '../services/risk-manager/src/store.ts'
import { book as bookOf, decimal, limits, testNow } from '../services/risk-manager/src/testing.ts'
import { startRig, type Rig } from '../services/risk-manager/src/testing/rig.ts'
import { median, quantile, type BenchOptions, type Report } from './report.ts'

const symbols = Array.from({ length: 64 }, (_, index) => `A${index}/USDT`)
const warmUp = 2_000
const window = 5_000
/** What a client keeps under way: enough to fill a batch while another is being committed. */
const underWay = 512
const single = 400
const openGoal = 100_000
/** Enough that nobody is ever refused. */
const money = '100000000000'
const share = '0.000000001'

export async function bench(report: Report, options: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
  const server = await startPrivatePostgres({ folder })
  try {
    const ledger = await openPostgresLedger({ url: server.url })
    const rig = await startBench(ledger)
    try {
      await measure(report, { rig, ledger, rounds: options.long ? 9 : 3 })
    } finally {
      await rig.stop()
      await ledger.close()
    }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Setting = { readonly rig: Bench; readonly ledger: Ledger; readonly rounds: number }

async function measure(report: Report, { rig, ledger, rounds }: Setting): Promise<void> {
  await rig.decide(warmUp)
  await oneByOne(ledger, 50)
  const fast: Rate[] = []
  const slow: number[] = []
  for (let round = 0; round < rounds; round++) {
    slow.push(await oneByOne(ledger, single))
    fast.push(await rig.decide(window))
  }
  const rate = median(fast.map(({ perSecond }) => perSecond))
  const ratio = rate / median(slow)
  report.add({
    figure: 'durable decisions',
    value: rate,
    unit: '/s',
    baseline: median(slow),
    ratio,
    goal: '>= 10x one transaction per decision',
    met: ratio >= 10,
  })
  addLatency(report, 'few open', await rig.atRate(rate / 2, window))
  await growth(report, rig, fast)
}

function addLatency(report: Report, when: string, latencies: readonly number[]): void {
  const p99 = quantile(latencies, 0.99)
  const common = { unit: 'ms', baseline: null, ratio: null }
  report.add({
    figure: `decision p50, ${when}`,
    value: median(latencies),
    ...common,
    goal: '',
    met: null,
  })
  report.add({
    figure: `decision p99, ${when}`,
    value: p99,
    ...common,
    goal: '<= 10 ms at half the load',
    met: p99 <= 10,
  })
}

/**
 * The same while 10 open reservations become 100,000. The rate depends on who else uses the machine by
 * then, so that what a decision costs in processor time is judged.
 */
async function growth(report: Report, rig: Bench, few: readonly Rate[]): Promise<void> {
  while (rig.open() < openGoal - 3 * window) await rig.decide(window)
  const many: Rate[] = []
  for (let round = 0; round < 3; round++) many.push(await rig.decide(window))
  const open = `${rig.open().toLocaleString('en-US')} open`
  const rateOf = (rates: readonly Rate[]) => median(rates.map(({ perSecond }) => perSecond))
  const costOf = (rates: readonly Rate[]) => median(rates.map(({ cpuMs }) => cpuMs))
  report.add({
    figure: `durable decisions, ${open}`,
    value: rateOf(many),
    unit: '/s',
    baseline: rateOf(few),
    ratio: rateOf(many) / rateOf(few),
    goal: '',
    met: null,
  })
  const ratio = costOf(many) / costOf(few)
  report.add({
    figure: `processor time of a decision, ${open}`,
    value: costOf(many),
    unit: 'ms',
    baseline: costOf(few),
    ratio,
    goal: 'flat: <= 1.2x of few open',
    met: ratio <= 1.2,
  })
  addLatency(report, 'many open', await rig.atRate(rateOf(few) / 2, window))
}

type Rate = { readonly perSecond: number; readonly cpuMs: number }

type Bench = {
  /** Decides so many intents as fast as they are taken. */
  decide(count: number): Promise<Rate>
  /** Offers intents at a steady rate; answers each decision's milliseconds, publish to verdict. */
  atRate(perSecond: number, count: number): Promise<number[]>
  open(): number
  stop(): Promise<void>
}

async function startBench(ledger: Ledger): Promise<Bench> {
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
  const waiting = new Map<string, () => void>()
  const onHeard = (message: AnyMessage): void => {
    if (message.type !== 'risk.intent.approved.v1') throw new Error(`heard a ${message.type}`)
    const { intentId } = message.payload
    waiting.get(intentId)?.()
    waiting.delete(intentId)
  }
  // Lines are made as always, and go nowhere: kept, they would be the bench's own load.
  const logger = createLogger({
    agent: 'risk-manager',
    instance: '1',
    level: 'info',
    sinks: [{ write: () => undefined }],
  })
  const rig: Rig = await startRig({ ledger, broker, venue, symbols, config, onHeard, logger })
  let made = 0
  const one = async (): Promise<number> => {
    const message = nextIntent(made++, rig.context.clock.now())
    const began = performance.now()
    const decided = new Promise<void>((resolve) => {
      waiting.set(message.payload.intentId, resolve)
    })
    await rig.publish(message)
    await decided
    return performance.now() - began
  }
  return {
    decide: (count) => asFastAsPossible(one, count),
    atRate: (perSecond, count) => steadily(one, { perSecond, count }),
    open: () => Number(rig.agent.readiness().detail['openReservations']),
    stop: () => rig.stop(),
  }
}

async function asFastAsPossible(one: () => Promise<number>, count: number): Promise<Rate> {
  const began = performance.now()
  const before = process.cpuUsage()
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) await one()
  }
  await Promise.all(Array.from({ length: underWay }, worker))
  const { user, system } = process.cpuUsage(before)
  return {
    perSecond: (count * 1_000) / (performance.now() - began),
    cpuMs: (user + system) / 1_000 / count,
  }
}

async function steadily(
  one: () => Promise<number>,
  { perSecond, count }: { perSecond: number; count: number },
): Promise<number[]> {
  const began = performance.now()
  const answers: Promise<number>[] = []
  while (answers.length < count) {
    const due = Math.min(count, Math.ceil(((performance.now() - began) * perSecond) / 1_000))
    while (answers.length < due) answers.push(one())
    await new Promise((resolve) => setImmediate(resolve))
  }
  return Promise.all(answers)
}

function nextIntent(number: number, now: number) {
  const symbol = symbols[Math.abs(number) % symbols.length]!
  const intentId = deriveId('bench', String(number))
  return createMessage(IntentProposed, {
    source: 'strategy',
    // Later than the agent's start by more than clocks differ: nothing to be looked up.
    occurredAt: now + 120_000,
    discriminator: intentId,
    payload: {
      intentId,
      strategy: 'bench',
      venue: 'simulator',
      symbol,
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
}

/** The usual way: the same decision, each a transaction of its own, the next when it is durable. */
async function oneByOne(ledger: Ledger, count: number): Promise<number> {
  const { length } = symbols
  const prices = Object.fromEntries(symbols.map((symbol) => [symbol, '100']))
  const rules = symbols.map((symbol) => symbolRules({ symbol }))
  const book = bookOf({ funds: { USDT: money }, prices, rules })
  const allowed = limits({
    symbols: new Set(symbols),
    balanceShare: decimal(share),
    openPositionsMax: length + 1,
    addToPositions: true,
  })
  const began = performance.now()
  for (let index = 0; index < count; index++) {
    const message = nextIntent(--singles, testNow)
    const work = decide({ book, message, limits: allowed, now: testNow })
    applyAll(book, work.changes)
    await ledger.commit([unitOf(message, work)])
  }
  return (count * 1_000) / (performance.now() - began)
}

/** Counts down, so that these intents have names of their own. */
let singles = 0
