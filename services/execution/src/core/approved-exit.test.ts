// What is sold: by an approved exit, by command, and what is being closed.
import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import { createHarness, positionOf, symbol, type DeskHarness } from '../testing.ts'

describe('an approved exit', () => {
  async function holding(): Promise<DeskHarness> {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    return desk
  }

  it('takes the protection away, then sells', async () => {
    const desk = await holding()
    await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.00999' })
    await desk.settle()
    await desk.pass(1_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
    const methods = desk.venue.calls.map(({ method }) => method)
    expect(methods.indexOf('cancelProtection')).toBeLessThan(methods.lastIndexOf('placeOrder'))
    expect(desk.said('execution.order.filled.v1').at(-1)?.payload).toMatchObject({
      leg: 'exit',
      endsReservation: true,
    })
  })

  it('of a part leaves the rest protected again', async () => {
    const desk = await holding()
    await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.004' })
    await desk.settle()
    await desk.pass(2_000)
    expect(await positionOf(desk)).toEqual({
      quantity: '0.00599',
      state: 'protected',
      covered: '0.00599',
    })
  })

  it('that the stop has overtaken ends without an order', async () => {
    const desk = await holding()
    desk.venue.setPrice(symbol, '48000')
    await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.00999' })
    await desk.settle()
    await desk.pass(6_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
    expect(
      desk
        .said('execution.order.expired.v1')
        .find(({ payload }) => (payload as { leg: string }).leg === 'exit')?.payload,
    ).toMatchObject({
      code: 'position_closed',
      endsReservation: true,
    })
    expect(desk.venue.callsOf('placeOrder')).toHaveLength(1)
  })

  it('larger than one market order goes in slices and ends once', async () => {
    const desk = await createHarness({ rules: { marketQuantityMax: Decimal.from('0.004') } })
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.00999' })
    await desk.settle()
    await desk.pass(2_000)
    const ends = desk.said('execution.order.filled.v1').map(({ payload }) => {
      const { leg, quantity, endsReservation } = payload as {
        leg: string
        quantity: string
        endsReservation: boolean
      }
      return `${leg} ${quantity} ${endsReservation}`
    })
    expect(ends).toEqual([
      'entry 0.01 true',
      'exit 0.004 false',
      'exit 0.004 false',
      'exit 0.00199 true',
    ])
  })

  it('that empties the order book goes on with the rest, and ends once', async () => {
    const desk = await holding()
    desk.venue.script({ kind: 'partial', quantity: '0.004', method: 'placeOrder' })
    await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.00999' })
    await desk.settle()
    await desk.pass(2_000)
    const ends = desk.messages.flatMap(({ type, payload }) => {
      const { leg, endsReservation } = payload as { leg: string; endsReservation?: boolean }
      return leg === 'exit' ? [`${type.split('.')[2]} ${String(endsReservation)}`] : []
    })
    expect(ends).toEqual([
      'submitted false',
      'accepted false',
      'partially-filled false',
      'expired false',
      'submitted false',
      'accepted false',
      'filled true',
    ])
  })

  it('that the venue refuses for good ends, and the position is protected again', async () => {
    const desk = await holding()
    desk.venue.script({ kind: 'rejected', code: 'rejected_by_venue', method: 'placeOrder' })
    await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.00999' })
    await desk.settle()
    await desk.pass(2_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0.00999', state: 'protected' })
    expect(desk.said('execution.order.rejected.v1').at(-1)?.payload).toMatchObject({
      leg: 'exit',
      endsReservation: true,
    })
  })

  it('that was turned away at the door is sent again under a new name', async () => {
    const desk = await holding()
    desk.venue.script({
      kind: 'rejected',
      code: 'throttled',
      retryAfterMs: 3_000,
      method: 'placeOrder',
    })
    await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.00999' })
    await desk.settle()
    await desk.pass(6_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0' })
    const names = desk.venue
      .callsOf('placeOrder')
      .map(({ argument }) => (argument as { clientOrderId: string }).clientOrderId)
    expect(names.slice(1).map((name) => name.split('-')[1])).toEqual(['x1', 'x2'])
  })
})

describe('a command to flatten', () => {
  it('takes the protection away and closes the position', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.input({ kind: 'flatten', reason: 'operator' })
    await desk.settle()
    await desk.pass(1_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
    expect(desk.said('execution.order.filled.v1').at(-1)?.payload).toMatchObject({
      leg: 'flatten',
      reservationId: null,
    })
  })
})

describe('a position that is being closed', () => {
  it('takes no new entry', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.input({ kind: 'flatten', reason: 'operator' })
    await desk.approve({ name: 'two' })
    expect(desk.said('execution.order.expired.v1').at(-1)?.payload).toMatchObject({
      code: 'position_closing',
      endsReservation: true,
    })
  })
})
