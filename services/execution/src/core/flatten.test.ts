// What is under way when an operator has everything closed: an entry that was approved, sent, in doubt or
// given up for lost must not leave a position behind it.
import { describe, expect, it } from 'vitest'
import { createHarness, positionOf, type DeskHarness } from '../testing.ts'

const flatten = { kind: 'flatten', reason: 'operator' } as const

/** As the shell hands it in once the command was heard. */
function hold(desk: DeskHarness): void {
  desk.desk = { ...desk.desk, flattened: 'operator' }
}

const flat = { quantity: '0', state: 'none' }
const bought = (desk: DeskHarness) =>
  desk
    .said('execution.order.filled.v1')
    .filter(({ payload }) => (payload as { leg: string }).leg === 'entry').length

describe('an entry that was sent before the command', () => {
  it('and is filled after it is closed as it comes, and never gets a stop', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.input(flatten)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'closing' })
    await desk.settle()
    await desk.pass(1_000)
    expect(bought(desk)).toBe(1)
    expect(await positionOf(desk)).toMatchObject(flat)
    expect(desk.venue.callsOf('placeProtection')).toEqual([])
  })

  it('is closed by the process that comes after a restart', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.send(desk.effects[0]!)
    await desk.input(flatten)
    await desk.restart()
    await desk.pass(10_000)
    expect(bought(desk)).toBe(1)
    expect(await positionOf(desk)).toMatchObject(flat)
  })

  it('and comes to nothing leaves a symbol that can be traded when it is resumed', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'rejected', code: 'insufficient_balance', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.input(flatten)
    await desk.settle()
    await desk.pass(1_000)
    expect(await positionOf(desk)).toMatchObject(flat)
    await desk.approve({ name: 'two' })
    await desk.settle()
    expect(await positionOf(desk)).toMatchObject({ state: 'protected' })
  })

  it.each([
    { title: 'at once', kind: 'unknown-landed', landsAfter: 0 },
    { title: 'late', kind: 'unknown-lands-later', landsAfter: 9_000 },
    { title: 'when it was given up for lost', kind: 'unknown-lands-later', landsAfter: 30_000 },
  ] as const)('and whose answer was lost is closed when it is found $title', async (row) => {
    const desk = await createHarness()
    desk.venue.script({ kind: row.kind, method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    hold(desk)
    await desk.input(flatten)
    await desk.pass(row.landsAfter)
    desk.venue.land()
    await desk.pass(400_000, 2_000)
    expect(bought(desk)).toBe(1)
    expect(await positionOf(desk)).toMatchObject(flat)
    expect(desk.venue.callsOf('placeProtection')).toEqual([])
  })
})

describe('as long as a symbol is flattened', () => {
  it('an approval that comes after the command is refused, and gives its money back', async () => {
    const desk = await createHarness()
    hold(desk)
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(desk.venue.callsOf('placeOrder')).toEqual([])
    expect(desk.said('execution.order.expired.v1').at(-1)?.payload).toMatchObject({
      code: 'flattened',
      endsReservation: true,
    })
  })

  it('what is found to be held all the same is closed, once', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    hold(desk)
    await desk.pass(5_000)
    expect(await positionOf(desk)).toMatchObject(flat)
    expect(
      desk
        .said('execution.order.filled.v1')
        .filter(({ payload }) => (payload as { leg: string }).leg === 'flatten'),
    ).toHaveLength(1)
  })

  it('dust stays, named, and is not tried again and again', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'partial', quantity: '0.00001' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    hold(desk)
    const before = desk.messages.length
    await desk.pass(5_000)
    expect(await positionOf(desk)).toMatchObject({ state: 'dust' })
    expect(desk.messages.length).toBe(before)
  })
})
