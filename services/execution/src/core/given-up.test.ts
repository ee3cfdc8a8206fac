// An order that was given up and is there all the same: however late its fill is told, and whatever copies of
// the venue said meanwhile, it is found, counted and protected.
import type { Answer, Settings } from './desk.ts'
import { describe, expect, it } from 'vitest'
import { createHarness, positionOf, type DeskHarness } from '../testing.ts'

const SWEEP_MS = 300_000
const MARGIN_MS = 60_000

const protectedAll = { quantity: '0.00999', state: 'protected', covered: '0.00999' }
const ways = [
  { way: 'counts its trades', fillsById: true },
  { way: 'tells fills by time', fillsById: false },
]

/** Copies of the venue that know nothing of an order, nor of what it did. */
const ignorant = (answer: Answer): Answer => {
  if (answer.kind === 'order-told') return { ...answer, order: null }
  if (answer.kind === 'fills-told') return { ...answer, fills: [] }
  if (answer.kind === 'searched') return { ...answer, openOrders: [], fills: [] }
  return answer
}

const nameless = (answer: Answer): Answer =>
  answer.kind === 'order-told' ? { ...answer, order: null } : answer

const truthful = (answer: Answer): Answer => answer

const stateOf = (desk: DeskHarness) =>
  [...desk.desk.tickets.values()].map(({ order }) => order.state)

/** It was filled at once, and every copy that was asked denied it until it was given up. */
async function givenUp(settings: Partial<Settings> = {}): Promise<DeskHarness> {
  const desk = await createHarness({ seams: { settings } })
  await desk.pass(SWEEP_MS + 5_000, 5_000)
  desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
  desk.replica = ignorant
  await desk.approve({ name: 'one' })
  await desk.settle()
  await desk.pass(40_000)
  expect(stateOf(desk)).toEqual(['not-placed'])
  return desk
}

describe.each(ways)('at a venue that $way, an order that was given up', ({ fillsById }) => {
  it('is found as soon as its copies tell of it, long before the next look at everything', async () => {
    const desk = await givenUp({ fillsById })
    desk.replica = truthful
    await desk.pass(MARGIN_MS, 1_000)
    expect(await positionOf(desk)).toMatchObject(protectedAll)
    expect(desk.said('execution.order.filled.v1')).toHaveLength(1)
  })

  it('is asked about again when a copy that lags denies it after its fill was told', async () => {
    const desk = await givenUp({ fillsById })
    desk.replica = nameless
    await desk.pass(4 * SWEEP_MS, 5_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: undefined })
    desk.replica = truthful
    await desk.pass(SWEEP_MS + 5_000, 5_000)
    expect(await positionOf(desk)).toMatchObject(protectedAll)
  })

  it('is found by a process that begins when it was given up long after it was filled', async () => {
    const desk = await createHarness({ seams: { settings: { fillsById } } })
    desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
    desk.replica = ignorant
    await desk.approve({ name: 'one' })
    for (const effect of desk.effects) await desk.send(effect)
    // The word that the answer is lost comes late itself.
    desk.now += 3 * MARGIN_MS
    await desk.pass(MARGIN_MS, 1_000)
    expect(stateOf(desk)).toEqual(['not-placed'])
    await desk.restart()
    desk.replica = truthful
    await desk.pass(10_000, 1_000)
    expect(await positionOf(desk)).toMatchObject(protectedAll)
  })

  it('is closed when it turns up while nothing is to be held', async () => {
    const desk = await givenUp({ fillsById })
    desk.flattened = 'operator'
    desk.replica = truthful
    await desk.pass(MARGIN_MS, 1_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
    expect(desk.said('execution.order.filled.v1')).toHaveLength(2)
  })
})

describe('an answer that is long on its way', () => {
  it('says nothing of what came after its question, when it denies the order', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'unknown-not-landed', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    desk.now += 1_000
    await desk.input({ kind: 'tick' })
    for (const effect of desk.effects) await desk.send(effect)
    desk.now += 30_000
    const [answer] = desk.answers
    await desk.receive(answer!)
    const [watch] = desk.desk.watches.values()
    expect(watch).toMatchObject({ notFound: 0 })
  })

  it('is followed by a look that begins where it was asked, and not where it arrived', async () => {
    const desk = await createHarness({ seams: { settings: { fillsById: false } } })
    await desk.approve({ name: 'one' })
    await desk.settle()
    const askedAt = desk.now + SWEEP_MS
    desk.now = askedAt
    await desk.input({ kind: 'tick' })
    const look = desk.effects.find(({ kind }) => kind === 'fetch-fills')
    await desk.send(look!)
    desk.now += 30_000
    await desk.settle()
    expect(desk.desk.sweptUntil).toBe(askedAt)
  })
})

it('a look by time goes past no trade that may be of an order that was given up', async () => {
  const desk = await givenUp()
  const before = desk.desk.fillsThrough
  desk.replica = truthful
  const fills = await desk.venue.fetchFills('BTC/USDT', { since: 0 })
  const later = { ...fills[0]!, tradeId: '998', side: 'sell' as const, executedAt: desk.now }
  const newest = { ...later, tradeId: '999', executedAt: desk.now + 2 * MARGIN_MS }
  desk.desk = { ...desk.desk, look: { askedAt: desk.now, isApart: true } }
  await desk.input({ kind: 'fills-told', key: 'fills', fills: [later, newest] })
  expect(desk.desk.fillsThrough).toBe(before)
})

it('orders that came after it do not make it forgotten', async () => {
  const desk = await givenUp()
  const name = [...desk.desk.tickets.keys()][0]!
  desk.replica = (answer) => (answer.kind === 'fills-told' ? ignorant(answer) : answer)
  for (let count = 0; count < 50; count++) {
    await desk.approve({ name: `other ${count}`, now: desk.now, expiresInMs: 0 })
  }
  const order = await desk.venue.queryOrder({ symbol: 'BTC/USDT', clientOrderId: name })
  await desk.input({ kind: 'streamed', order: order! })
  desk.replica = truthful
  await desk.pass(MARGIN_MS, 1_000)
  expect(await positionOf(desk)).toMatchObject(protectedAll)
})
