// What is held is protected, and what cannot be is closed.
import { describe, expect, it } from 'vitest'
import { account, createHarness, positionOf, symbol } from '../testing.ts'

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
