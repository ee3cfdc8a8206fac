// What a desk does while the venue refuses our key, and when it takes one again.
import { Decimal } from '@flotilla/money'
import { beforeEach, describe, expect, it } from 'vitest'
import { createHarness, symbol, type DeskHarness } from '../testing.ts'

let desk: DeskHarness
beforeEach(async () => {
  desk = await createHarness()
  await desk.approve({ name: 'one' })
  await desk.settle()
  expect(desk.desk.position?.protection?.state).toBe('protected')
  desk.venue.calls.length = 0
})

const refused = (keyRefused: string | null): void => {
  desk.desk = { ...desk.desk, keyRefused }
}
const signedCalls = () =>
  desk.venue.calls.map(({ method }) => method).filter((method) => method !== 'fetchTicker')

async function hours(count: number): Promise<void> {
  for (let minute = 0; minute < count * 60; minute += 1) {
    desk.now += 60_000
    await desk.input({ kind: 'tick' })
    await desk.settle()
  }
}

describe('while the venue refuses our key', () => {
  it('a flatten is decided and waits, without a call and without an order', async () => {
    refused('no such key')
    await desk.input({ kind: 'flatten', reason: 'test' })
    await hours(5)
    expect(signedCalls()).toEqual([])
    expect(desk.said('execution.order.rejected.v1')).toEqual([])
    expect(desk.desk.position?.protection?.state).toBe('closing')
    expect([...desk.desk.tickets.values()].filter(({ order }) => order.leg === 'flatten')).toEqual(
      [],
    )

    refused(null)
    await desk.input({ kind: 'tick' })
    await desk.settle()
    expect(desk.desk.position?.quantity.toString()).toBe('0')
    expect(desk.desk.halted).toBeNull()
  })

  it('an entry is refused at once, with what the venue said', async () => {
    refused('no such key')
    await desk.approve({ name: 'two' })
    await desk.settle()
    expect(desk.said('execution.order.expired.v1').at(-1)?.payload).toMatchObject({
      code: 'trading_stopped',
      reason: 'no entries now: no such key',
    })
    expect(signedCalls()).toEqual([])
  })

  it('what was refused with it does not count: the position is protected and not given up', async () => {
    const stop = desk.venue.allOrders().find(({ type }) => type === 'stop-loss')!
    desk.venue.expire(stop.clientOrderId)
    desk.venue.script({ kind: 'rejected', code: 'unauthorized', method: 'placeProtection' })
    await desk.input({ kind: 'sweep' })
    await desk.settle()
    expect(desk.desk.protecting.failures).toBe(1)
    refused('no such key')
    await hours(1)
    expect(desk.desk.position?.protection?.state).toBe('unprotected')
    refused(null)
    await desk.input({ kind: 'tick' })
    await desk.settle()
    expect(desk.desk.position?.protection?.state).toBe('protected')
    expect(desk.desk.halted).toBeNull()
  })

  it('a price at the stop of a position that we watch closes it when there is a key', async () => {
    const bare = await createHarness({
      rules: { ocoAllowed: false, orderTypes: ['market', 'limit'] },
    })
    await bare.approve({ name: 'one' })
    await bare.settle()
    bare.desk = { ...bare.desk, keyRefused: 'no such key' }
    await bare.input({ kind: 'price', price: Decimal.from('48000'), at: bare.now })
    await bare.settle()
    expect(bare.desk.position?.protection?.reason).toBe('stop_reached')
    bare.now += 3_600_000
    bare.desk = { ...bare.desk, keyRefused: null }
    await bare.input({ kind: 'price', price: Decimal.from('50500'), at: bare.now })
    await bare.settle()
    expect(bare.desk.position?.quantity.toString()).toBe('0')
    expect(bare.venue.callsOf('placeOrder').at(-1)?.argument).toMatchObject({
      symbol,
      side: 'sell',
    })
  })

  it('an approved exit that met the refusal first waits for a key like all others', async () => {
    const bare = await createHarness({
      rules: { ocoAllowed: false, orderTypes: ['market', 'limit'] },
    })
    await bare.approve({ name: 'one' })
    await bare.settle()
    bare.venue.script({ kind: 'rejected', code: 'unauthorized', method: 'placeOrder' })
    const approved = { purpose: 'exit', quantity: '0.00999', expiresInMs: 600_000 } as const
    await bare.approve({ name: 'out', ...approved })
    // The call that is refused closes the door of the venue before its answer is looked at.
    bare.desk = { ...bare.desk, keyRefused: 'no such key' }
    await bare.settle()
    expect(bare.said('execution.order.rejected.v1').at(-1)?.payload).toMatchObject({
      leg: 'exit',
      endsReservation: false,
    })
    const before = bare.venue.callsOf('placeOrder').length
    await bare.pass(60_000)
    expect(bare.venue.callsOf('placeOrder')).toHaveLength(before)
    bare.desk = { ...bare.desk, keyRefused: null }
    await bare.pass(5_000)
    expect(bare.desk.position?.quantity.toString()).toBe('0')
    expect(bare.venue.callsOf('placeOrder')).toHaveLength(before + 1)
  })
})
