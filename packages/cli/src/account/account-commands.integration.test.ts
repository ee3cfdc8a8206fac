import { createRefusedRequests } from '@flotilla/fleet'
import { openPostgresLedger } from '@flotilla/ledger'
import { bought, entryName, refused, tellStories } from '@flotilla/lineage/testing'
import { START, trade, unit } from '@flotilla/ledger/testing'
import { Decimal } from '@flotilla/money'
import { createManualClock } from '@flotilla/runtime/testing'
import { createTestContext } from '@flotilla/runtime/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createTestDatabase,
  hasPostgres,
  type TestDatabase,
} from '../../../../test/support/postgres.ts'
import { runProgram } from '../program.ts'
import { createTestTerminal } from '../testing.ts'

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
    const adjusted = (asset: string, amount: string) =>
      ({
        kind: 'balance-adjusted',
        account: 'paper',
        asset,
        totalDelta: Decimal.from(amount),
      }) as const
    const prices = { BTC: ['60000', START] }
    const value = { at: START, equity: '1060', prices }
    await ledger.commit([
      unit([adjusted('BTC', '0.001'), adjusted('SHIB', '5')]),
      unit([memory('risk-manager', '@paper/standing/paper/valued', value)]),
    ])
    const loss = {
      netProfit: Decimal.from(-1),
      rMultiple: null,
      strategy: null,
      symbol: 'ETH/USDT',
    }
    const both = { closedAt: START + 9_000, intentIds: [bought, 'i "2"'] }
    await ledger.commit([
      unit([closed(trade({ openingTradeId: 't-1', ...both }))]),
      unit([closed(trade({ openingTradeId: 't-2', ...loss }))]),
    ])
    const knock = createRefusedRequests({
      ledger,
      door: 'operator',
      clock: createManualClock(0),
      logger: createTestContext('operator').logger,
    })
    for (let times = 0; times < 3; times += 1) await knock('/api/v1/operator/control')
    await ledger.close()
  })
  afterAll(() => database.drop())

  const closed = (made: ReturnType<typeof trade>) =>
    ({ kind: 'trade-closed', trade: made }) as const
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

  test('trades are shown with what is held and what they come to, of all or of some', async () => {
    const { out, err } = await run('trades')
    expect(err).toBe('')
    expect(out).toMatch(/closed at +account +symbol/)
    expect(out).toMatch(
      /paper +BTC\/USDT +test +take-profit +0\.000999 +60000\.1 +61000 +0\.93889011/,
    )
    expect(out).toMatch(/held now\n[^]*paper +BTC\/USDT +- +0\.000999 +60060\.16016 /)
    const summary = '2 trades in USDT: 50.0 % won, net profit -0.06110989, mean R 0.31, fees 0.24'
    expect(out).toContain(summary)
    expect((await run('trades', '--symbol', 'ETH/USDT')).out).toContain('1 trade in USDT')
    expect((await run('trades', '--since', '2030-01-01')).out).toContain('no such trade was closed')
    expect((await run('trades', '--account', 'nobody')).out).toBe('no such trade was closed')
    const shown = (await run('trades', '--limit', '1')).out
    expect(shown).not.toContain('ETH/USDT')
    expect(shown).toContain('2 trades in USDT')
    const json = JSON.parse((await run('trades', '--json')).out) as { trades: object[] }
    expect(json.trades).toMatchObject([{ netProfit: '0.93889011' }, { netProfit: '-1' }])
  })

  test('trades come as CSV with every digit, quoted where they must be', async () => {
    const { out } = await run('trades', '--csv')
    const [header, first, second, ...rest] = out.split('\r\n')
    expect(header).toMatch(/^account,venue,symbol,side,strategy,opened_at,closed_at,quantity,/)
    expect(first).toMatch(/^paper,simulator,BTC\/USDT,buy,test,2024-08-01T00:00:00\.123Z,/)
    expect(first).toContain(',BNB 0.0001,0.93889011,')
    expect(first).toContain(`,"${bought} i ""2""",`)
    expect(second).toMatch(/^paper,simulator,ETH\/USDT,buy,,/)
    expect(second?.endsWith('\r')).toBe(true)
    expect(rest).toEqual([])
  })

  test('the story of an order ends with its trade', async () => {
    const { out } = await run('why', entryName)
    expect(out).toContain('out by take-profit, net profit 0.93889011 after fees of 0.12, 0.31 R')
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
    expect(ofBold).toContain('nothing is paused, flattened or halted')
    expect(ofBold).not.toMatch(/paper/)
  })

  test('what is set aside is shown with what it waits for', async () => {
    const { out, err } = await run('reservations')
    expect(err).toBe('')
    expect(out).toMatch(/since +account +symbol +set aside/)
    const waits = `fills of 60\\.0001 USDT that were not told: ${entryName}`
    expect(out).toMatch(new RegExp(`paper +BTC/USDT +60\\.3 USDT +0 +${bought} +${waits}`))
    const [row] = JSON.parse((await run('reservations', '--json')).out) as object[]
    expect(row).toMatchObject({ waiting: { cause: 'fills-not-told', amount: '60.0001' } })
    expect((await run('reservations', '--account', 'nobody')).out).toBe('nothing is set aside')
  })

  test('every asset is shown with its price, value and share, and what has no price by name', async () => {
    const { out, err } = await run('holdings')
    expect(err).toBe('')
    expect(out).toMatch(/paper: 1060 USDT at prices of 2024-08-01T\S+Z, 2 of 3 assets priced/)
    expect(out).toMatch(/asset +amount +reserved +price +value +share/)
    expect(out).toMatch(/USDT +1000 +60\.3 +1 +1000 +94\.34 %/)
    expect(out).toMatch(/BTC +0\.001 +0 +60000 +60 +5\.66 %/)
    expect(out).toContain('without a price: SHIB')
    const [holdings] = JSON.parse((await run('holdings', '--json')).out) as object[]
    expect(holdings).toMatchObject({ topHoldings: [{ asset: 'USDT' }, { asset: 'BTC' }] })
    expect((await run('holdings', '--account', 'nobody')).out).toBe('no such account was opened')
  })
})
