import { openPostgresLedger } from '@flotilla/ledger'
import { unit } from '@flotilla/ledger/testing'
import { createManualClock } from '@flotilla/runtime/testing'
import { createTestContext } from '@flotilla/runtime/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createTestDatabase,
  hasPostgres,
  type TestDatabase,
} from '../../../../test/support/postgres.ts'
import { createRefusedRequests } from '../operator/refused-requests.ts'
import { runProgram } from '../program.ts'
import { createTestTerminal } from '../testing.ts'
import { bought, refused, tellStories } from '../why/testing.ts'

describe.skipIf(!hasPostgres)('what the ledger tells of accounts', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
    const ledger = await openPostgresLedger({ url: database.url })
    await tellStories(ledger)
    await ledger.commit([
      unit([memory('risk-manager', 'trading-state/paper/*', { state: 'paused', ...byAda })]),
      unit([memory('operator', 'command/paper/1/a', commandOf('paper', 'pause', 'accepted'))]),
      unit([memory('operator', '@bold/command/bold/2/b', commandOf('bold', 'halt', 'refused'))]),
    ])
    const knock = createRefusedRequests({
      ledger,
      clock: createManualClock(0),
      logger: createTestContext('operator').logger,
    })
    for (let times = 0; times < 3; times += 1) await knock('/api/v1/operator/control')
    await ledger.close()
  })
  afterAll(() => database.drop())

  const byAda = { since: '2024-08-01T00:00:00.000Z', requestedBy: 'ada', reason: 'news' }
  const memory = (agent: 'operator' | 'risk-manager', key: string, value: object) =>
    ({ kind: 'memory-stored', agent, key, value: { ...value } }) as const
  const commandOf = (account: string, command: string, outcome: string) => ({
    account,
    command,
    outcome,
    symbol: null,
    source: outcome === 'refused' ? 'strategy' : 'operator',
    occurredAt: `2024-08-01T00:00:0${command.length}.000Z`,
    detail: outcome === 'refused' ? 'strategy may not command' : null,
    ...byAda,
  })

  async function run(...words: string[]) {
    const terminal = createTestTerminal()
    const code = await runProgram([...words, '--ledger', database.url], terminal)
    return { code, out: terminal.printed.join('\n'), err: terminal.complained.join('\n') }
  }

  test('decisions are found by verdict, symbol, time and reason', async () => {
    const all = await run('decisions')
    expect([all.code, all.err]).toEqual([0, ''])
    expect(all.out).toMatch(new RegExp(`approved +${bought}`))
    expect(all.out).toMatch(new RegExp(`denied +${refused}`))
    const denied = await run('decisions', '--verdict', 'denied', '--json')
    const [decision] = JSON.parse(denied.out) as { reasons: { code: string }[] }[]
    const { code } = decision!.reasons[0]!
    expect((await run('decisions', '--code', code)).out).toContain(refused)
    expect((await run('decisions', '--code', code)).out).not.toContain(bought)
    expect((await run('decisions', '--symbol', 'ETH/USDT')).out).toBe('no such decision')
    expect((await run('decisions', '--since', '2030-01-01')).out).toBe('no such decision')
    expect((await run('decisions', '--account', 'nobody')).out).toBe('no such decision')
  })

  test('each check of a decision is shown where it is wished', async () => {
    const { out } = await run('decisions', '--checks', '--verdict', 'approved')
    expect(out).toMatch(/approved[^]*\n {4}\S+ +(passed|sized|adjusted|pass)/)
  })

  test('a reason that is none is refused with the nearest', async () => {
    const { code, err } = await run('decisions', '--code', 'no_prize')
    expect(code).toBe(1)
    expect(err).toMatch(/Did you mean no_price/)
  })

  test('commands show who did what, what was refused, and what holds now', async () => {
    const { out } = await run('commands')
    expect(out).toMatch(/paper +all +paused +2024-08-01T00:00:00\.000Z +ada +news/)
    expect(out).toMatch(/bold +halt +all +ada +strategy +refused +strategy may not command/)
    expect(out).toMatch(/paper +pause +all +ada +operator +accepted +news/)
    expect(out).toMatch(/1970-01-01T00:00:00\.000Z +3 +\/api\/v1\/operator\/control/)
    const { out: ofBold } = await run('commands', '--account', 'bold')
    expect(ofBold).toContain('nothing is paused or halted')
    expect(ofBold).not.toMatch(/paper/)
  })
})
