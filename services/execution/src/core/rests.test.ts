// An entry that is filled in part and keeps its rest in the book.
import { describe, expect, it } from 'vitest'
import { createHarness, positionOf, symbol, type DeskHarness } from '../testing.ts'

const HALF = '0.005'
const keeping = { seams: { settings: { keepsRemainder: true } } }

/** Half of the entry is there and protected, the rest is in the book for a minute. */
async function half(expiresInMs = 60_000): Promise<DeskHarness> {
  const desk = await createHarness(keeping)
  desk.venue.script({ kind: 'partial', quantity: HALF, method: 'placeOrder' })
  await desk.approve({ name: 'one', expiresInMs })
  await desk.settle()
  await desk.pass(1_000)
  return desk
}

const entryOf = (desk: DeskHarness) => desk.venue.allOrders().find(({ side }) => side === 'buy')!

const endsOf = (desk: DeskHarness) =>
  desk.messages.flatMap(({ payload }) =>
    'endsReservation' in payload && payload.leg === 'entry' ? [payload.endsReservation] : [],
  )

describe('an entry that keeps its rest', () => {
  it('is protected for what is filled, and the protection grows with it', async () => {
    const desk = await half()
    expect(entryOf(desk)).toMatchObject({ status: 'partially-filled', timeInForce: 'gtc' })
    expect(await positionOf(desk)).toEqual({
      quantity: '0.004995',
      state: 'protected',
      covered: '0.00499',
    })
    expect(endsOf(desk).includes(true)).toBe(false)
    desk.venue.fill(entryOf(desk).clientOrderId, '0.002')
    await desk.pass(10_000)
    expect(await positionOf(desk)).toMatchObject({ state: 'protected', covered: '0.00699' })
    desk.venue.fill(entryOf(desk).clientOrderId)
    await desk.pass(10_000)
    expect(await positionOf(desk)).toMatchObject({ state: 'protected', covered: '0.00999' })
    expect(endsOf(desk).filter(Boolean)).toEqual([true])
  })

  it('gives it up when its intent expires, and its money back', async () => {
    const desk = await half(5_000)
    await desk.pass(10_000)
    expect(entryOf(desk)).toMatchObject({ status: 'canceled' })
    expect(await positionOf(desk)).toMatchObject({ state: 'protected', covered: '0.00499' })
    expect(endsOf(desk).filter(Boolean)).toEqual([true])
  })

  it.each<[string, (desk: DeskHarness) => Promise<unknown>]>([
    ['an exit is approved', (desk) => desk.approve({ name: 'two', purpose: 'exit' })],
    ['its stop has sold', (desk) => desk.price('48900')],
    ['all is flattened', (desk) => desk.input({ kind: 'flatten', reason: 'a test' })],
  ])('gives it up when %s', async (_, happens) => {
    const desk = await half(3_600_000)
    desk.venue.script({ kind: 'accepted' })
    await happens(desk)
    await desk.pass(20_000)
    const [entry, ...others] = desk.venue.allOrders().filter(({ side }) => side === 'buy')
    expect(others).toEqual([])
    expect(['canceled', 'filled']).toContain(entry?.status)
    const { quantity } = await positionOf(desk)
    expect(quantity).toMatch(/^0(\.0000\d+)?$/)
    expect(await desk.venue.fetchOpenOrders(symbol)).toEqual([])
  })

  it('gives it up when entries stop, and keeps what it got', async () => {
    const desk = await half(3_600_000)
    desk.desk = { ...desk.desk, entriesStopped: 'paused' }
    await desk.pass(10_000)
    expect(entryOf(desk)).toMatchObject({ status: 'canceled' })
    expect(await positionOf(desk)).toMatchObject({ state: 'protected', covered: '0.00499' })
  })

  it('gives it up after a restart too', async () => {
    const desk = await half(20_000)
    await desk.restart()
    await desk.pass(30_000)
    expect(entryOf(desk)).toMatchObject({ status: 'canceled' })
    expect(await positionOf(desk)).toMatchObject({ state: 'protected', covered: '0.00499' })
  })

  it('asks again when the cancel was lost', async () => {
    const desk = await half(5_000)
    desk.venue.script({ kind: 'unknown-not-landed', method: 'cancelOrder' })
    await desk.pass(20_000)
    expect(desk.venue.callsOf('cancelOrder').length).toBeGreaterThan(1)
    expect(entryOf(desk)).toMatchObject({ status: 'canceled' })
  })
})

it('an entry in slices keeps none, and without the setting nobody does', async () => {
  const desk = await createHarness()
  desk.venue.script({ kind: 'partial', quantity: HALF, method: 'placeOrder' })
  await desk.approve({ name: 'one' })
  await desk.settle()
  expect(entryOf(desk)).toMatchObject({ status: 'expired', timeInForce: 'ioc' })
})
