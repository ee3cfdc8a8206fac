// The fleet as it is deployed: every agent a process, a real RabbitMQ, a real PostgreSQL. It trades
// hours of the recorded market around the crash of 5 August 2024, undisturbed and while its agents are
// killed; at the end, the market standing still, both sides must agree to the last digit.
// FLOTILLA_SEED replays the kills of a failing run; FLOTILLA_KEEP_RUNS keeps its logs.
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { marketData } from '../support/market-data.ts'
import { createTestDatabase, hasPostgres } from '../support/postgres.ts'
import { freshVhost, sharedRabbit } from '../support/rabbitmq-shared.ts'
import { check, type CheckResult } from './support/checker.ts'
import { eventually } from './support/eventually.ts'
import { AGENTS, startProcessFleet, type ProcessFleet } from './support/process-fleet.ts'
import { cutRecording } from './support/recording.ts'
import { readTruth } from './support/truth.ts'

const files = ['BTC-USDT', 'ETH-USDT']
  .map((symbol) => marketData(`candles/binance_${symbol}_1m_2024-08.csv.gz`))
  .filter((file) => file !== null)
const rabbit = await sharedRabbit()
const missing = files.length < 2 || !hasPostgres || rabbit === null

const MINUTE_MS = 60_000
/** The hours in which the market fell by a sixth. */
const START = Date.UTC(2024, 7, 4, 22)
const HISTORY_MINUTES = 600
const config = `
data: { historyCandles: 400 }
strategy: { cooldownMs: 300000 }
risk: { balanceShare: 0.05, exposureShareMax: 0.5, leaseMs: 3000 }
execution: { leaseMs: 3000, pollMs: 500 }
`

type Run = { readonly fleet: ProcessFleet; readonly judge: () => Promise<CheckResult> }

async function withFleet(
  market: { readonly speed: number; readonly minutes: number },
  body: (run: Run) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-processes-'))
  const database = await createTestDatabase()
  const range = {
    from: START - HISTORY_MINUTES * MINUTE_MS,
    to: START + market.minutes * MINUTE_MS,
    folder,
  }
  const fleet = await startProcessFleet({
    candles: files.map((file) => cutRecording(file, range)),
    symbols: ['BTC/USDT', 'ETH/USDT'],
    speed: market.speed,
    startAt: START,
    databaseUrl: database.url,
    busUrl: await freshVhost(rabbit),
    folder,
    config,
  })
  const judge = async (): Promise<CheckResult> =>
    check({
      databaseUrl: database.url,
      truth: await readTruth(fleet.simulator.controlUrl!),
      account: 'main',
      deadLetters: await fleet.deadLetters(),
    })
  try {
    await body({ fleet, judge })
  } finally {
    await fleet.stop()
    await database.drop()
    if (process.env['FLOTILLA_KEEP_RUNS'] === undefined) {
      rmSync(folder, { recursive: true, force: true })
    } else {
      console.log('logs kept in', folder)
    }
  }
}

async function ready(fleet: ProcessFleet): Promise<void> {
  const answers = () => Promise.all(AGENTS.map((agent) => fleet.isReady(agent)))
  await eventually(answers, (all) => all.every(Boolean), { withinMs: 120_000 })
}

/** The recording has ended, so nothing new happens: what is under way must come to its end. */
async function restOf({ fleet, judge }: Run, withinMs: number): Promise<CheckResult> {
  const end = fleet.simulator.endOfData()!
  await eventually(
    () => Promise.resolve(fleet.simulator.now()),
    (now) => now >= end,
    { withinMs },
  )
  await ready(fleet)
  return eventually(judge, ({ violations }) => violations.length === 0, {
    withinMs: 180_000,
    everyMs: 1_000,
  })
}

describe.skipIf(missing)('five processes over RabbitMQ and PostgreSQL', () => {
  test(
    'trade hours of a real crash, agree with the venue, and stop cleanly',
    { timeout: 12 * MINUTE_MS },
    async () => {
      await withFleet({ speed: 240, minutes: 360 }, async (run) => {
        const { counts } = await restOf(run, 3 * MINUTE_MS)
        console.log('undisturbed:', JSON.stringify(counts))
        // A slow machine misses signals, rightly: how many trades there are is not the matter here.
        expect(counts.fills).toBeGreaterThan(1)
        const ends = await run.fleet.stop()
        expect([...ends.values()]).toEqual(AGENTS.map(() => 'code 0'))
      })
    },
  )

  test(
    'survive kill -9 of each agent at ten random moments',
    { timeout: 20 * MINUTE_MS },
    async () => {
      const seed = Number(process.env['FLOTILLA_SEED'] ?? randomInt(2 ** 31))
      console.log(`kills of seed ${seed}`)
      const random = seededRandom(seed)
      const kills = shuffled(
        AGENTS.flatMap((agent) => Array.from({ length: 10 }, () => agent)),
        random,
      )
      await withFleet({ speed: 120, minutes: 420 }, async (run) => {
        await ready(run.fleet)
        for (const agent of kills) {
          await new Promise((resolve) => setTimeout(resolve, 500 + random() * 3_000))
          await run.fleet.killAndRestart(agent)
        }
        const { counts } = await restOf(run, 5 * MINUTE_MS)
        console.log('after 50 kills:', JSON.stringify(counts))
        expect(counts.fills, `seed ${seed}`).toBeGreaterThan(1)
      })
    },
  )
})

/** A linear congruential generator: enough for choosing moments, and the same for the same seed. */
function seededRandom(seed: number): () => number {
  let state = BigInt(seed)
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n
    return Number(state >> 11n) / 2 ** 53
  }
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((left, right) => left.key - right.key)
    .map(({ item }) => item)
}
