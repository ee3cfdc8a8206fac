// A symbol that the venue does not trade for a while.
import type { EntriesChanged } from '@flotilla/contracts'
import { symbolRules } from '@flotilla/venue/testing'
import { describe, expect, it } from 'vitest'
import {
  account,
  createHarness,
  symbol,
  venueName,
  type DeskHarness,
  type HarnessOptions,
} from '../testing.ts'
import { closedKey, closedOf } from './closed-market.ts'

type Status = 'trading' | 'halted' | 'cancel-only'

async function becomes(desk: DeskHarness, status: Status): Promise<void> {
  const rules = symbolRules({ status })
  desk.venue.setRules(rules)
  await desk.input({ kind: 'rules', rules })
  await desk.settle()
}

async function held(options: HarnessOptions = {}): Promise<DeskHarness> {
  const desk = await createHarness(options)
  await desk.approve({ name: 'one' })
  await desk.settle()
  return desk
}

const changes = (desk: DeskHarness): EntriesChanged[] =>
  desk.said('execution.entries.changed.v1').map(({ payload }) => payload as EntriesChanged)

const positionOf = async (desk: DeskHarness) => desk.ledger.findPosition(account, venueName, symbol)

describe('a symbol that the venue does not trade', () => {
  it.each([
    ['halted', 'is halted at the venue since 2024-08-05T12:00:00.000Z'],
    ['cancel-only', 'takes cancels only at the venue since 2024-08-05T12:00:00.000Z'],
  ] as const)('is told once while it is %s, with what is held there', async (status, words) => {
    const desk = await held()
    await becomes(desk, status)
    await desk.pass(5_000)
    expect(changes(desk)).toMatchObject([{ symbol, allowed: false, cause: 'market_closed' }])
    expect(changes(desk)[0]?.reason).toContain(words)
    expect(changes(desk)[0]?.reason).toContain('0.00999 BTC held there, protected, stop 49000')
  })

  it('says so too where nothing is held', async () => {
    const desk = await createHarness()
    await becomes(desk, 'halted')
    expect(changes(desk)[0]?.reason).toMatch(/; nothing is held there$/)
  })

  it('takes no entry, by name, until it trades again', async () => {
    const desk = await createHarness()
    await becomes(desk, 'halted')
    await desk.approve({ name: 'one' })
    const [refused] = desk.said('execution.order.expired.v1')
    expect(refused?.payload).toMatchObject({ code: 'market_closed', endsReservation: true })
    await becomes(desk, 'trading')
    expect(changes(desk).at(-1)).toMatchObject({ allowed: true, cause: 'market_closed' })
    await desk.approve({ name: 'two' })
    await desk.settle()
    expect((await positionOf(desk))?.protection?.state).toBe('protected')
  })

  it('does not make a position given up that cannot be protected there, and protects it afterwards', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    const rules = symbolRules({ status: 'halted' })
    for (const effect of desk.effects) await desk.send(effect)
    desk.venue.setRules(rules)
    await desk.input({ kind: 'rules', rules })
    await desk.settle()
    await desk.pass(120_000, 5_000)
    const bare = await positionOf(desk)
    expect(bare?.protection).toMatchObject({ state: 'unprotected' })
    expect(desk.desk.halted).toBeNull()
    await becomes(desk, 'trading')
    expect((await positionOf(desk))?.protection).toMatchObject({ state: 'protected' })
    expect(desk.venue.allOrders().filter(({ type }) => type === 'market')).toEqual([])
  })

  it('is closed since the same moment after a restart, and is not told again', async () => {
    const desk = await held()
    await becomes(desk, 'halted')
    const since = desk.now
    await desk.pass(10_000)
    await desk.restart()
    await becomes(desk, 'halted')
    expect(desk.desk.closed).toEqual({ status: 'halted', since })
    const stored = await desk.ledger.recall('execution', closedKey(symbol))
    expect(closedOf(stored)).toEqual({ status: 'halted', since })
    expect(changes(desk)).toHaveLength(1)
    await becomes(desk, 'cancel-only')
    expect(desk.desk.closed).toEqual({ status: 'cancel-only', since })
    await becomes(desk, 'trading')
    expect(await desk.ledger.recall('execution', closedKey(symbol))).toBeNull()
  })
})
