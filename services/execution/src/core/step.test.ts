import { Decimal } from '@flotilla/money'
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

describe('protection', () => {
  it('that is refused is tried three times under new names, then the position is closed', async () => {
    const desk = await createHarness()
    const refusal = {
      kind: 'rejected',
      code: 'rejected_by_venue',
      method: 'placeProtection',
    } as const
    desk.venue.script(refusal, refusal, refusal)
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.pass(10_000)
    const names = desk.venue
      .callsOf('placeProtection')
      .map(({ argument }) => (argument as { clientProtectionId: string }).clientProtectionId)
    expect(new Set(names).size).toBe(3)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
    const actions = desk
      .said('execution.protection.failed.v1')
      .map(({ payload }) => (payload as { action: string }).action)
    expect(actions).toEqual(['retrying', 'retrying', 'flattening'])
  })

  it('is not tried when the price is beyond the stop already: the position is closed', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    const [place] = desk.effects
    await desk.send(place!)
    await desk.price('48000')
    await desk.settle()
    expect(desk.venue.callsOf('placeProtection')).toEqual([])
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
  })

  it('that the venue ends by itself is placed again', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    const [stop] = await desk.venue.fetchOpenOrders(symbol)
    desk.venue.expire(stop!.clientOrderId)
    await desk.pass(6_000)
    expect(await positionOf(desk)).toMatchObject({ state: 'protected' })
    expect(desk.venue.callsOf('placeProtection')).toHaveLength(2)
  })

  it('whose target fills in part, which ends the stop, is replaced for the rest', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    const target = (await desk.venue.fetchOpenOrders(symbol)).find(
      ({ type }) => type === 'limit-maker',
    )
    desk.venue.fill(target!.clientOrderId, '0.004')
    await desk.pass(6_000)
    expect(await positionOf(desk)).toEqual({
      quantity: '0.00599',
      state: 'protected',
      covered: '0.00599',
    })
    const open = await desk.venue.fetchOpenOrders(symbol)
    expect(open.map(({ type }) => type)).toEqual(['stop-loss', 'limit-maker'])
  })

  it('whose answer is lost is settled, and tried again, before the deadline', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'unknown-not-landed', method: 'placeProtection' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.pass(20_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0.00999', state: 'protected' })
    expect(desk.venue.callsOf('placeProtection')).toHaveLength(2)
  })

  it('of which only one leg is seen while it is in doubt is there as a whole', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'accepted' }, { kind: 'unknown-landed', method: 'placeProtection' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    for (const id of desk.desk.watches.keys()) desk.venue.hide(id, 100)
    const target = (await desk.venue.fetchOpenOrders(symbol)).at(-1)!
    desk.venue.fill(target.clientOrderId, '0.004')
    await desk.pass(20_000)
    for (const id of desk.desk.watches.keys()) desk.venue.hide(id, 0)
    await desk.pass(20_000)
    const orders = await desk.ledger.loadOrders({ account, limit: 10, symbol })
    expect(orders.map(({ state }) => state)).not.toContain('not-placed')
    expect(await positionOf(desk)).toMatchObject({ quantity: '0.00599', covered: '0.00599' })
  })

  it('that fills is taken in by polling', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    desk.venue.setPrice(symbol, '52500')
    await desk.pass(6_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
    expect(await desk.ledger.loadOpenOrders(account)).toEqual([])
  })

  it('grows with a second entry', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.approve({ name: 'two', stop: '49500' })
    await desk.settle()
    await desk.pass(6_000)
    expect(await positionOf(desk)).toEqual({
      quantity: '0.01998',
      state: 'protected',
      covered: '0.01998',
    })
    const open = await desk.venue.fetchOpenOrders(symbol)
    expect(open[0]?.stopPrice?.toString()).toBe('49500')
  })

  it('whose answer stays lost beyond the deadline leads to a closed position', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    desk.venue.script(
      { kind: 'accepted' },
      { kind: 'unknown-not-landed', method: 'placeProtection' },
    )
    desk.venue.script({ kind: 'unknown-not-landed', method: 'placeProtection' })
    desk.venue.script({ kind: 'unknown-not-landed', method: 'placeProtection' })
    await desk.settle()
    await desk.pass(60_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
  })

  it('of a value that no stop may have is not tried: it is sold, and nothing is halted', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'partial', quantity: '0.000101' })
    await desk.approve({ name: 'one', takeProfit: null })
    await desk.settle()
    await desk.pass(1_000)
    expect(desk.venue.callsOf('placeProtection')).toEqual([])
    expect(desk.refused).toEqual([])
    expect(await positionOf(desk)).toMatchObject({ state: 'dust' })
    expect(desk.desk.halted).toBeNull()
  })

  it('that fails and cannot be closed either is told each time, over restarts too', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    const refusal = { kind: 'rejected', code: 'rejected_by_venue', method: 'placeOrder' } as const
    desk.venue.script(refusal, refusal, refusal)
    await desk.input({ kind: 'flatten', reason: 'operator' })
    await desk.settle()
    await desk.restart()
    await desk.pass(30_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
    const alarms = desk.said('execution.protection.failed.v1')
    expect(alarms).toHaveLength(3)
    expect(new Set(alarms.map(({ messageId }) => messageId)).size).toBe(3)
  })

  it('is not wanted for dust, which is named', async () => {
    const desk = await createHarness()
    desk.venue.script({ kind: 'partial', quantity: '0.00001' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(await positionOf(desk)).toMatchObject({ state: 'dust' })
    expect(desk.venue.callsOf('placeProtection')).toEqual([])
  })
})

describe('a symbol whose position could not be protected', () => {
  const refusal = {
    kind: 'rejected',
    code: 'rejected_by_venue',
    method: 'placeProtection',
  } as const

  async function failed(): Promise<DeskHarness> {
    const desk = await createHarness()
    desk.venue.script(refusal, refusal, refusal)
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.pass(10_000)
    return desk
  }

  const endOf = (desk: DeskHarness) => desk.said('execution.order.expired.v1').at(-1)?.payload

  it('is closed and halted, and says so', async () => {
    const desk = await failed()
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
    expect(desk.said('execution.entries.changed.v1').map(({ payload }) => payload)).toMatchObject([
      { symbol, allowed: false, cause: 'protection_failed' },
    ])
  })

  it('takes no entry, also after a restart', async () => {
    const desk = await failed()
    await desk.approve({ name: 'two' })
    expect(endOf(desk)).toMatchObject({ code: 'symbol_halted', endsReservation: true })
    await desk.restart()
    await desk.approve({ name: 'three' })
    expect(endOf(desk)).toMatchObject({ code: 'symbol_halted', endsReservation: true })
    expect(desk.venue.allOrders().filter(({ side }) => side === 'buy')).toHaveLength(1)
  })

  it('is halted as well when the deadline has passed', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    const lost = { kind: 'unknown-not-landed', method: 'placeProtection' } as const
    desk.venue.script(lost, lost, lost)
    await desk.settle()
    await desk.pass(60_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
    expect(desk.desk.halted?.reason).toMatch(/^protection_deadline: /)
  })

  it('trades again when an operator resumes', async () => {
    const desk = await failed()
    await desk.input({ kind: 'resume', reason: 'looked at' })
    await desk.approve({ name: 'two' })
    await desk.settle()
    expect(await positionOf(desk)).toMatchObject({ quantity: '0.00999', state: 'protected' })
    expect(desk.said('execution.entries.changed.v1').at(-1)?.payload).toMatchObject({
      allowed: true,
      reason: 'looked at',
    })
    await desk.restart()
    expect(desk.desk.halted).toBeNull()
  })

  it('is not halted because the price had passed the stop', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.send(desk.effects[0]!)
    await desk.price('48000')
    await desk.settle()
    expect(await positionOf(desk)).toMatchObject({ quantity: '0' })
    expect(desk.desk.halted).toBeNull()
  })
})

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

describe('a restart', () => {
  it.each(['before the request left', 'after the request landed'])(
    '%s neither loses nor doubles the entry',
    async (when) => {
      const desk = await createHarness()
      await desk.approve({ name: 'one' })
      if (when === 'after the request landed') await desk.send(desk.effects[0]!)
      await desk.restart()
      await desk.pass(60_000)
      const landed = desk.venue.allOrders().filter(({ side }) => side === 'buy')
      expect(landed).toHaveLength(when === 'after the request landed' ? 1 : 0)
      expect(await positionOf(desk)).toMatchObject(
        landed.length === 1 ? { state: 'protected' } : {},
      )
      const [end] = desk.messages.filter(
        ({ payload }) => (payload as { endsReservation?: boolean }).endsReservation === true,
      )
      expect(end?.payload).toMatchObject(
        landed.length === 1 ? { leg: 'entry' } : { code: 'not_placed' },
      )
    },
  )

  it('between the fill and its protection protects the position', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.send(desk.effects[0]!)
    await desk.receive(desk.answers[0]!)
    await desk.restart()
    await desk.pass(40_000)
    expect(await positionOf(desk)).toMatchObject({ state: 'protected' })
  })

  it('long after a fill without protection tries to protect before it gives up', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.send(desk.effects[0]!)
    await desk.receive(desk.answers[0]!)
    desk.now += 600_000
    await desk.restart()
    await desk.pass(25_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0.00999', state: 'protected' })
  })

  it('takes in what the stop did while nobody looked', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    desk.venue.setPrice(symbol, '48000')
    desk.now += 3_600_000
    await desk.restart()
    await desk.pass(1_000)
    expect(await positionOf(desk)).toMatchObject({ quantity: '0', state: 'none' })
  })
})
