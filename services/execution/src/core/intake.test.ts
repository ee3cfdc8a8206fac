// What becomes of an approved entry, whatever the venue answers.
import { describe, expect, it } from 'vitest'
import { account, createHarness, positionOf, symbol, type DeskHarness } from '../testing.ts'

function kindsOf(desk: DeskHarness): string[] {
  return desk.messages.map(({ type }) => type.replace(/^execution\.|\.v1$/g, ''))
}

describe('an approved entry', () => {
  it('is stored and said before anything is sent', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    expect(desk.venue.allOrders()).toEqual([])
    const [order] = await desk.ledger.loadOpenOrders(account)
    expect(order).toMatchObject({ state: 'submitting', leg: 'entry', type: 'limit' })
    expect(kindsOf(desk)).toEqual(['order.submitted'])
    expect(desk.effects.map(({ kind }) => kind)).toEqual(['place-order'])
  })

  it('is filled and protected for what is left after the fee', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(await positionOf(desk)).toEqual({
      quantity: '0.00999',
      state: 'protected',
      covered: '0.00999',
    })
    const open = await desk.venue.fetchOpenOrders(symbol)
    expect(
      open.map(({ type, stopPrice, limitPrice }) => [
        type,
        stopPrice?.toString(),
        limitPrice?.toString(),
      ]),
    ).toEqual([
      ['stop-loss', '49000', undefined],
      ['limit-maker', undefined, '52000'],
    ])
    expect(kindsOf(desk)).toEqual([
      'order.submitted',
      'order.accepted',
      'order.filled',
      'order.submitted',
      'order.submitted',
      'position.changed',
      'order.accepted',
      'order.accepted',
      'position.changed',
    ])
    expect(desk.said('execution.order.filled.v1')[0]?.payload).toMatchObject({
      endsReservation: true,
    })
  })

  it('that is filled in part is protected for the part, and its rest ends the reservation', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'partial', quantity: '0.004' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(await positionOf(desk)).toMatchObject({ state: 'protected', covered: '0.00399' })
    expect(desk.said('execution.order.expired.v1')[0]?.payload).toMatchObject({
      filledQuantity: '0.004',
      endsReservation: true,
    })
  })

  it('that comes too late ends without an order at the venue', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one', expiresInMs: -1 })
    expect(desk.effects).toEqual([])
    expect(desk.said('execution.order.expired.v1')[0]?.payload).toMatchObject({
      code: 'intent_expired',
      endsReservation: true,
    })
  })

  it('of less than a step ends with the value and the limit', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one', quantity: '0.000004' })
    expect(desk.said('execution.order.expired.v1').at(-1)?.payload).toMatchObject({
      code: 'quantity_below_step',
      reason: 'the quantity 0.000004 is less than one step of 0.00001',
    })
  })

  it('ends at once while entries are stopped', async () => {
    const desk = await createHarness()
    desk.desk = { ...desk.desk, entriesStopped: 'halted by the operator' }
    await desk.approve({ name: 'one' })
    expect(desk.effects).toEqual([])
    expect(desk.said('execution.order.expired.v1')[0]?.payload).toMatchObject({
      code: 'trading_stopped',
    })
  })

  it('that the venue refuses ends with its reason', async () => {
    const desk = await createHarness({ usdt: '10' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(desk.said('execution.order.rejected.v1')[0]?.payload).toMatchObject({
      code: 'insufficient_balance',
      endsReservation: true,
    })
    expect(await desk.ledger.loadOpenOrders(account)).toEqual([])
  })

  it('is processed once when the approval is delivered twice', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(await desk.approve({ name: 'one' })).toBe('duplicate')
    await desk.settle()
    expect(desk.venue.callsOf('placeOrder')).toHaveLength(1)
  })

  it('whose answer is lost is found by asking, and is not sent again', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(kindsOf(desk)).toContain('order.unknown')
    await desk.pass(2_000)
    expect(await positionOf(desk)).toMatchObject({ state: 'protected' })
    expect(desk.venue.callsOf('placeOrder')).toHaveLength(1)
  })

  it('that never arrived is believed so only after the time in which it could arrive', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'unknown-not-landed', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.pass(15_000)
    expect((await desk.ledger.loadOpenOrders(account))[0]?.state).toBe('unknown')
    await desk.pass(4_000)
    expect(await desk.ledger.loadOpenOrders(account)).toEqual([])
    expect(desk.said('execution.order.expired.v1')[0]?.payload).toMatchObject({
      code: 'not_placed',
      endsReservation: true,
    })
    expect(desk.venue.callsOf('placeOrder')).toHaveLength(1)
  })

  it('that arrives late, when the venue had denied it before, is taken in', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'unknown-lands-later', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.pass(9_000)
    desk.venue.land()
    await desk.pass(20_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0.00999', state: 'protected' })
  })
})

describe('an order that was given up', () => {
  it('and lands after all is taken in, and its end is another fact', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'unknown-lands-later', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.pass(30_000)
    expect(desk.said('execution.order.expired.v1')).toHaveLength(1)
    desk.venue.script({ kind: 'partial', quantity: '0.004', method: 'placeOrder' })
    desk.venue.land()
    await desk.pass(400_000, 2_000)
    expect(await positionOf(desk)).toMatchObject({ state: 'protected' })
  })
})
