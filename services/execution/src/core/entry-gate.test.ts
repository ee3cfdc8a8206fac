// While the outcome of an order is not known no entry of its symbol is sent; exits do not wait for that.
import { describe, expect, it } from 'vitest'
import { createHarness, positionOf, type DeskHarness } from '../testing.ts'

const entriesOf = (desk: DeskHarness) =>
  desk.venue.allOrders().filter(({ side }) => side === 'buy').length
const placed = (desk: DeskHarness) => desk.venue.callsOf('placeOrder').length

/** The answer to the first entry is lost, and the venue cannot be asked. */
async function inDoubt(kind: 'unknown-landed' | 'unknown-not-landed'): Promise<DeskHarness> {
  const desk = await createHarness()
  desk.venue.script({ kind, method: 'placeOrder' })
  await desk.approve({ name: 'one' })
  for (const effect of desk.effects) await desk.send(effect)
  desk.venue.failReads('unavailable', 5)
  await desk.settle()
  expect([...desk.desk.tickets.values()].map(({ order }) => order.state)).toEqual(['unknown'])
  return desk
}

describe('an entry that is approved while another order is in doubt', () => {
  it('is sent when that is found', async () => {
    const desk = await inDoubt('unknown-landed')
    await desk.approve({ name: 'two', expiresInMs: 300_000 })
    await desk.settle()
    expect(placed(desk)).toBe(1)
    await desk.pass(60_000)
    expect(entriesOf(desk)).toBe(2)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0.01998', state: 'protected' })
  })

  it('is sent when it is known that there is none', async () => {
    const desk = await inDoubt('unknown-not-landed')
    await desk.approve({ name: 'two', expiresInMs: 300_000 })
    await desk.pass(10_000)
    expect(placed(desk)).toBe(1)
    await desk.pass(60_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0.00999', state: 'protected' })
  })

  it('expires when that takes longer than its intent is good for', async () => {
    const desk = await inDoubt('unknown-not-landed')
    await desk.approve({ name: 'two', expiresInMs: 5_000 })
    await desk.pass(60_000)
    expect(placed(desk)).toBe(1)
    expect(desk.said('execution.order.expired.v1').at(-1)?.payload).toMatchObject({
      leg: 'entry',
      endsReservation: true,
    })
  })
})
