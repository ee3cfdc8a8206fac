// One real month, minute by minute, with the crash of 5 August 2024 in it: the simulator replays the
// recording, and all five agents trade it over the in-process bus, the exchange's wire and PostgreSQL.
// FLOTILLA_REPLAY_DAYS shortens the run while one works on it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { marketData } from '../support/market-data.ts'
import { createTestDatabase, hasPostgres } from '../support/postgres.ts'
import { check } from './support/checker.ts'
import { startLockstepFleet } from './support/lockstep-fleet.ts'
import { readTruth } from './support/truth.ts'

const files = ['BTC-USDT', 'ETH-USDT'].map((symbol) =>
  marketData(`candles/binance_${symbol}_1m_2024-08.csv.gz`),
)
const candles = files.filter((file) => file !== null)
const MONTH_DAYS = 31
const days = Number(process.env['FLOTILLA_REPLAY_DAYS'] ?? MONTH_DAYS)
const HISTORY_MINUTES = 300
const START = Date.UTC(2024, 7, 1) + HISTORY_MINUTES * 60_000

const config = `
symbols: [BTC/USDT, ETH/USDT]
simulator: { speed: 600, balances: { USDT: '10000' } }
# Two more questions in each of 45,000 minutes would only take time: the replayed market fills what is asked.
data: { pollIntervalMs: 60000, historyCandles: 300, orderBookDepth: 0 }
strategy: { cooldownMs: 600000 }
risk: { balanceShare: 0.10, exposureShareMax: 0.5, leaseMs: 600000 }
execution: { pollMs: 250, tickMs: 25, sweepMs: 3000, leaseMs: 600000 }
`

test.skipIf(candles.length < 2 || !hasPostgres)(
  'a real month ends with both sides agreeing to the last digit',
  { timeout: 25 * 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-replay-'))
    const database = await createTestDatabase()
    const fleet = await startLockstepFleet({
      config,
      candles,
      startAt: START,
      databaseUrl: database.url,
      folder,
    })
    try {
      const minutes = days * 24 * 60 - HISTORY_MINUTES - 1
      for (let minute = 0; minute < minutes; minute++) await fleet.step()
      // The last orders are asked about once more before the books are compared.
      const truth = await readTruth(fleet.simulator.controlUrl!)
      const deadLetters = (await fleet.broker.deadLetters.list()).length
      const result = await check({
        databaseUrl: database.url,
        truth,
        account: 'main',
        deadLetters,
      })
      expect(result.violations).toEqual([])
      expect(result.counts.fills).toBeGreaterThan(days)
      expect(result.counts.approved).toBeGreaterThan(days / 2)
      console.log('replayed', days, 'days:', JSON.stringify(result.counts))
      const errors = fleet.logs.flatMap((logs) => logs.messages('error'))
      expect(errors).toEqual([])
    } finally {
      await fleet.close()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
