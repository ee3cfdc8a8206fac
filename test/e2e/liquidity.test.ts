// What an entry may take is capped by the books that data-collection collects: five agents in one process on the
// wire of a simulator, with the settings of `data` as they are shipped.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deriveId } from '@flotilla/contracts'
import { openPostgresLedger } from '@flotilla/ledger'
import { expect, test } from 'vitest'
import { intentMessage } from '../../services/risk-manager/src/testing.ts'
import { createTestDatabase, hasPostgres } from '../support/postgres.ts'
import { startLockstepFleet } from './support/lockstep-fleet.ts'
import { priceAt, wishedAt } from './support/prices.ts'

const startAt = Date.UTC(2026, 0, 5)
const symbol = 'BTC/USDT'

test.skipIf(!hasPostgres).each([
  ['all of it may be taken: the check says what there was', '1', 'passed'],
  ['only a thousandth of it may be taken: the entry is made smaller', '0.001', 'adjusted'],
] as const)('of a collected book %s', { timeout: 240_000 }, async (_, depthShareMax, kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-liquidity-'))
  const database = await createTestDatabase()
  const ledger = await openPostgresLedger({ url: database.url })
  const fleet = await startLockstepFleet({
    config: `
symbols: [${symbol}]
simulator: { speed: 1, balances: { USDT: '100000' } }
strategy: { strategies: [] }
risk: { balanceShare: 0.5, exposureShareMax: 0.9, sizing: { depthShareMax: '${depthShareMax}' } }
`,
    candles: [],
    startAt,
    databaseUrl: database.url,
    folder,
  })
  try {
    for (let minute = 0; minute < 3; minute += 1) await fleet.step()
    const price = Number(await priceAt(fleet.simulator.url, symbol))
    const now = fleet.simulator.now()
    const intentId = deriveId('liquidity', depthShareMax)
    const message = intentMessage({
      intentId,
      symbol,
      ...wishedAt(price, now),
    })
    await fleet.broker.connect().publish(message)
    await fleet.step()
    const decision = await ledger.findDecision('main', intentId)
    const checks = decision?.checks as readonly {
      check: string
      outcome: string
      inputs: Record<string, string>
    }[]
    const check = checks.find((each) => each.check === 'liquidity')
    expect(check?.outcome).toBe(kind)
    const { quantity, offered, usable, ageMs } = check!.inputs
    expect(Number(offered)).toBeGreaterThan(0)
    expect(Number(ageMs)).toBeLessThanOrEqual(60_000)
    expect(decision?.verdict).toBe('approved')
    expect(decision?.sizing).toMatchObject({ quantity: kind === 'passed' ? quantity : usable })
  } finally {
    await fleet.close()
    await ledger.close()
    await database.drop()
    rmSync(folder, { recursive: true, force: true })
  }
})
