// `flotilla up` with two accounts: every agent a process, two of them twice, over a real RabbitMQ and a real
// PostgreSQL, each account with a venue and a wallet of its own. Both take the same intents by different
// policies, keep separate books, and are compared.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectRabbit } from '@flotilla/bus'
import { createMessage, deriveId, instant, IntentProposed } from '@flotilla/contracts'
import { createSimulator, type Simulator } from '@flotilla/exchange-simulator'
import { openPostgresLedger, type Ledger } from '@flotilla/ledger'
import { createScaledClock } from '@flotilla/runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { intent } from '../../services/risk-manager/src/testing.ts'
import { createTestDatabase, hasPostgres, type TestDatabase } from '../support/postgres.ts'
import { freshVhost, sharedRabbit } from '../support/rabbitmq-shared.ts'
import { makeFolder, type Folder, type Run } from './flotilla-command.ts'
import { eventually } from './support/eventually.ts'
import { pricesAt } from './support/prices.ts'
import { readTruth } from './support/truth.ts'

const rabbit = await sharedRabbit()
const patience = { timeout: 240_000 }
const limit = { withinMs: 150_000 }
const speed = 120
const accounts = ['main', 'cautious'] as const
const symbols = ['BTC/USDT', 'ETH/USDT'] as const
/** The shares of the balance that the two put into an entry. */
const shares = { main: 0.2, cautious: 0.02 } as const
const processes = 8

describe.skipIf(rabbit === null || !hasPostgres)('two accounts in a fleet of processes', () => {
  let folder: Folder
  let database: TestDatabase
  let ledger: Ledger
  let busUrl: string
  let venues: Readonly<Record<(typeof accounts)[number], Simulator>>
  let up: Run

  beforeAll(async () => {
    folder = makeFolder()
    database = await createTestDatabase()
    ledger = await openPostgresLedger({ url: database.url })
    busUrl = await freshVhost(rabbit)
    venues = await startVenues()
    const config = [
      `symbols: [${symbols.join(', ')}]`,
      `venue: { url: ${venues.main.url} }`,
      `simulator: { speed: ${speed} }`,
      `bus: { kind: rabbitmq, url: "${busUrl}" }`,
      `ledger: { kind: postgres, url: "${database.url}" }`,
      'http: { port: 0 }',
      'risk:',
      `  { balanceShare: ${shares.main}, exposureShareMax: 1, addToPositions: true, equityIntervalMs: 10000,`,
      // Minutes of this market pass while a busy machine stands still.
      '    priceAgeMaxMs: 86400000 }',
      'accounts:',
      `  cautious: { venue: { url: ${venues.cautious.url} }, risk: { balanceShare: ${shares.cautious} } }`,
    ]
    writeFileSync(join(folder.path, 'flotilla.yaml'), config.join('\n'))
    up = folder.run(['up'])
  }, 120_000)

  afterAll(async () => {
    await folder.remove()
    await Promise.all(accounts.map((account) => venues[account].stop()))
    await ledger.close()
    await database.drop()
  })

  /** As a person asks for them by hand: nothing here waits for a strategy to wish something. */
  async function propose(): Promise<readonly string[]> {
    const bus = await connectRabbit({ url: busUrl, name: 'operator' })
    const now = venues.main.now()
    const prices = await pricesAt(venues.main.url, symbols)
    const messages = symbols.map((symbol) => {
      const price = prices.get(symbol)!
      const intentId = deriveId('up with accounts', symbol)
      return createMessage(IntentProposed, {
        source: 'operator',
        occurredAt: now,
        discriminator: intentId,
        payload: intent({
          intentId,
          symbol,
          expectedPrice: String(price),
          expectedPriceAt: instant(now),
          stopLossPrice: (price * 0.7).toFixed(2),
          takeProfitPrice: (price * 1.9).toFixed(2),
          expiresAt: instant(now + 86_400_000),
        }),
      })
    })
    await bus.publishAll(messages)
    await bus.close()
    return messages.map(({ payload }) => payload.intentId)
  }

  test(
    'take the same intents, each by its own policy and into its own book',
    patience,
    async () => {
      for (const name of ['risk-manager', 'execution']) {
        for (const agent of [name, `${name}.cautious`]) {
          await up.line(new RegExp(`process started name=${agent} `))
        }
      }
      const started = async () => up.lines.filter((line) => line.includes('agent started')).length
      await eventually(started, (count) => count === processes, limit)
      const open = () => Promise.all(accounts.map((account) => ledger.loadAccount(account)))
      await eventually(open, (found) => found.every((each) => each !== null), limit)
      for (const intentId of await propose()) {
        const decisions = await eventually(
          () => Promise.all(accounts.map((account) => ledger.findDecision(account, intentId))),
          (found) => found.every((each) => each !== null),
          limit,
        )
        expect(decisions.map((each) => each?.verdict)).toEqual(['approved', 'approved'])
      }
      const held = () => Promise.all(accounts.map((account) => ledger.loadPositions(account)))
      const isProtected = (found: Awaited<ReturnType<typeof held>>) =>
        found.every(
          (positions) =>
            positions.filter(({ protection }) => protection?.state === 'protected').length ===
            symbols.length,
        )
      const [ofMain, ofCautious] = await eventually(held, isProtected, limit)
      for (const symbol of symbols) {
        const costs = [ofMain!, ofCautious!].map((positions) =>
          Number(positions.find((each) => each.symbol === symbol)!.costBasis.toString()),
        )
        // Ten times the share buys ten times as much, but for steps and later entries of strategies.
        expect(costs[0]).toBeGreaterThan(4 * costs[1]!)
      }
      await ordersStayApart()
    },
  )

  /** What an account has in the ledger is at its own venue, and nothing of it is at the other one. */
  async function ordersStayApart(): Promise<void> {
    const truths = await Promise.all(
      accounts.map((account) => readTruth(venues[account].controlUrl!)),
    )
    for (const [index, account] of accounts.entries()) {
      const orders = await ledger.loadOrders({ account, limit: 1_000 })
      const sent = orders.filter(({ venueOrderId }) => venueOrderId !== null)
      expect(sent.length).toBeGreaterThan(symbols.length)
      const atHome = new Set(truths[index]!.orders.map(({ clientOrderId }) => clientOrderId))
      const elsewhere = new Set(truths[1 - index]!.orders.map(({ clientOrderId }) => clientOrderId))
      // An order that came meanwhile is not in what the venue said before.
      const known = sent.filter(({ clientOrderId }) => atHome.has(clientOrderId))
      expect(known.length).toBeGreaterThan(symbols.length)
      expect(sent.filter(({ clientOrderId }) => elsewhere.has(clientOrderId))).toEqual([])
    }
  }

  test(
    'are compared while they trade, with the significance of the difference',
    patience,
    async () => {
      const compared = async () => {
        const run = folder.run(['compare', 'main', 'cautious', '--period', '1', '--draws', '500'])
        return { code: await run.ended, text: run.lines.join('\n') }
      }
      const { text } = await eventually(compared, ({ code }) => code === 0, limit)
      expect(text).toMatch(/main and cautious, .*: \d+ periods of/)
      expect(text).toMatch(/mean return of a period +\S+ .* [01]\.\d+/)
      expect(text).toMatch(/\(p [01]\.\d{4}\)/)
      expect(text).toContain('Stationary bootstrap of paired log returns')
    },
  )

  test('are stopped together, every process well', patience, async () => {
    up.kill('SIGTERM')
    expect(await up.ended).toBe(0)
    const ends = up.lines.filter((line) => line.includes('process ended name='))
    expect(ends).toHaveLength(processes)
    for (const end of ends) expect(end).toContain('how="exit code 0"')
  })
})

/** Two venues on one market time: the same seed is the same market. */
async function startVenues() {
  const config = {
    speed,
    seed: 1,
    symbols: [...symbols],
    startAt: '2026-01-05T00:00:00.000Z',
    balances: { USDT: '10000' },
    control: { enabled: true },
  }
  const main = createSimulator({ config, folder: null })
  await main.start()
  const clock = createScaledClock(main.anchor(), (error) => {
    throw error
  })
  const cautious = createSimulator({ config, folder: null, clock })
  await cautious.start()
  return { main, cautious }
}
