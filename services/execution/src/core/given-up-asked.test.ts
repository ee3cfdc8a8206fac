// How long, how often and how many at once: orders that were given up are asked about until it is sure that they never
// were, and when balances differ all that the ledger knows.
import type { Order } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import { loadGivenUp } from '../store.ts'
import { account, createHarness, positionOf, symbol, venueName } from '../testing.ts'
import type { DeskHarness } from '../testing.ts'
import type { Answer } from './desk.ts'
import { isCalm } from './compare.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const silent = (answer: Answer): Answer => {
  if (answer.kind === 'order-told') return { ...answer, order: null }
  if (answer.kind === 'fills-told') return { ...answer, fills: [] }
  if (answer.kind === 'searched') return { ...answer, openOrders: [], fills: [] }
  return answer
}

/** It was filled at once, and the venue denied that until it was given up. */
async function givenUp(): Promise<{ desk: DeskHarness; name: string }> {
  const desk = await createHarness()
  desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
  desk.replica = silent
  await desk.approve({ name: 'one' })
  await desk.settle()
  const [name] = desk.desk.tickets.keys()
  while (stateOf(desk, name!) !== 'not-placed') await desk.pass(1_000)
  return { desk, name: name! }
}

const stateOf = (desk: DeskHarness, name: string) => desk.desk.tickets.get(name)?.order.state
const questions = (desk: DeskHarness) => desk.venue.callsOf('queryOrder').length
const stored = (desk: DeskHarness) =>
  loadGivenUp(desk.ledger, { account, venue: venueName, symbol })

/** As the ledger may have them: given up long ago. */
function others(order: Order, count: number): Order[] {
  return Array.from({ length: count }, (_, at) => ({
    ...order,
    clientOrderId: `flsother${at}-e1`,
    intentId: `other ${at}`,
  }))
}

describe('an order that was given up', () => {
  it('is asked about at pauses that double, for a day', async () => {
    const { desk } = await givenUp()
    const before = questions(desk)
    await desk.pass(65 * MINUTE_MS, MINUTE_MS / 2)
    // After 1, 2, 4, 8, 16, 32 and 64 minutes at the earliest; time goes by in larger steps here.
    expect(questions(desk) - before).toBeGreaterThanOrEqual(5)
    expect(questions(desk) - before).toBeLessThanOrEqual(7)
    await desk.pass(2 * DAY_MS, 30 * MINUTE_MS)
    expect(questions(desk) - before).toBeLessThanOrEqual(11)
    expect([...desk.desk.tickets.keys()]).toEqual([])
    expect((await stored(desk)).orders).toHaveLength(1)
  })

  it('is asked about no more often when it belongs to what is held', async () => {
    const { desk, name } = await givenUp()
    const { intentId, correlationId } = desk.desk.tickets.get(name)!.order
    const owner = { intentId, cause: { messageId: correlationId, correlationId } }
    desk.desk = { ...desk.desk, owner }
    const before = questions(desk)
    await desk.pass(10 * MINUTE_MS, MINUTE_MS / 2)
    expect(questions(desk) - before).toBeLessThanOrEqual(4)
  })

  it('is found by such a question, though nobody told a fill of it', async () => {
    const { desk } = await givenUp()
    await desk.pass(10 * MINUTE_MS, MINUTE_MS / 2)
    desk.replica = (answer) => (answer.kind === 'fills-told' ? silent(answer) : answer)
    await desk.pass(10 * MINUTE_MS, MINUTE_MS / 2)
    desk.replica = (answer) => answer
    await desk.pass(2 * MINUTE_MS, 5_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0.00999', state: 'protected' })
  })

  it('and that the desk knows no more is found when balances differ', async () => {
    const { desk, name } = await givenUp()
    await desk.pass(DAY_MS + 60 * MINUTE_MS, 30 * MINUTE_MS)
    expect(stateOf(desk, name)).toBeUndefined()
    desk.replica = (answer) => answer
    await desk.input({ kind: 'suspect', ...(await stored(desk)) })
    expect(isCalm(desk.desk)).toBe(false)
    await desk.settle()
    await desk.pass(2 * MINUTE_MS, 5_000)
    expect(isCalm(desk.desk)).toBe(true)
    expect(stateOf(desk, name)).toBe('filled')
    expect(await positionOf(desk)).toMatchObject({ quantity: '0.00999', state: 'protected' })
  })

  it('a slice of long ago that turns up has no follower any more', async () => {
    const { desk, name } = await givenUp()
    await desk.pass(DAY_MS + 60 * MINUTE_MS, 30 * MINUTE_MS)
    desk.replica = (answer) => answer
    const { orders, fills } = await stored(desk)
    const pace = { slice: '0.01', left: 3, everyMs: 1_000, notBefore: 0 }
    const slices = orders.map((order) => {
      const details = { ...(order.details as object), target: '0.03', pace }
      return { ...order, details }
    })
    await desk.input({ kind: 'suspect', orders: slices, fills })
    await desk.settle()
    await desk.pass(2 * MINUTE_MS, 5_000)
    expect(stateOf(desk, name)).toBe('filled')
    const entries = desk.venue.allOrders().filter(({ side }) => side === 'buy')
    expect(entries).toHaveLength(1)
  })
})

describe('many of them', () => {
  it('are asked about a few at a time, each once, and then balances are judged', async () => {
    const { desk, name } = await givenUp()
    const [order] = (await stored(desk)).orders
    await desk.input({ kind: 'suspect', orders: others(order!, 34), fills: [] })
    expect(desk.effects.filter(({ kind }) => kind === 'query-order')).toHaveLength(10)
    desk.venue.failReads('unavailable', 3)
    const before = questions(desk)
    while (!isCalm(desk.desk)) {
      const under = desk.effects.filter(({ kind }) => kind === 'query-order').length
      expect(under).toBeLessThanOrEqual(10)
      await desk.settle()
      await desk.input({ kind: 'tick' })
    }
    expect(questions(desk) - before).toBe(35)
    expect(stateOf(desk, name)).toBe('not-placed')
  })

  it('are not asked about at all with a key that is refused', async () => {
    const { desk } = await givenUp()
    const [order] = (await stored(desk)).orders
    desk.desk = { ...desk.desk, keyRefused: 'refused' }
    await desk.input({ kind: 'suspect', orders: others(order!, 3), fills: [] })
    expect(desk.effects).toEqual([])
    expect(order?.quantity.equals(Decimal.from('0.01'))).toBe(true)
  })
})
