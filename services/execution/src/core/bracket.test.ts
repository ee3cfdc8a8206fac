// An entry that brings its exits along: the venue places them with the last of the fill.
import { describe, expect, it } from 'vitest'
import { account, createHarness, symbol, venueName, type DeskHarness } from '../testing.ts'

function attached(): Promise<DeskHarness> {
  return createHarness({ seams: { settings: { attachExits: true } } })
}

async function stateOf(desk: DeskHarness) {
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  const open = await desk.venue.fetchOpenOrders(symbol)
  return {
    held: position?.quantity.toString(),
    state: position?.protection?.state,
    resting: open.map(({ type, quantity }) => `${type} ${quantity.toString()}`),
  }
}

describe('an entry with its exits', () => {
  it('is one request, all or nothing, and never leaves what it bought bare', async () => {
    const desk = await attached()
    await desk.approve({ name: 'one' })
    expect(desk.effects.map(({ kind }) => kind)).toEqual(['place-protection'])
    await desk.settle()
    expect(await stateOf(desk)).toEqual({
      held: '0.00999',
      state: 'protected',
      resting: ['stop-loss 0.00999', 'limit-maker 0.00999'],
    })
    expect(desk.venue.callsOf('placeOrder')).toEqual([])
    expect(desk.venue.callsOf('placeProtection')).toHaveLength(1)
    const states = desk.said('execution.position.changed.v1').map(({ payload }) => payload)
    expect(JSON.stringify(states)).not.toContain('"unprotected"')
  })

  it('leaves nothing behind when it is not filled in full', async () => {
    const desk = await attached()
    desk.venue.script({ kind: 'partial', quantity: '0.004' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(await stateOf(desk)).toMatchObject({ resting: [] })
    expect(await desk.ledger.loadOpenOrders(account)).toEqual([])
    const ended = desk.said('execution.order.expired.v1').map(({ payload }) => payload)
    expect(ended).toHaveLength(3)
    expect(ended).toContainEqual(expect.objectContaining({ leg: 'entry', endsReservation: true }))
    expect(desk.said('execution.protection.failed.v1')).toEqual([])
  })

  it('is refused as a whole, and no protection counts as failed', async () => {
    const desk = await attached()
    desk.venue.script({ kind: 'rejected', code: 'rejected_by_venue' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(desk.said('execution.order.rejected.v1')).toHaveLength(3)
    expect(desk.said('execution.protection.failed.v1')).toEqual([])
    await desk.approve({ name: 'two' })
    await desk.settle()
    expect((await stateOf(desk)).state).toBe('protected')
  })

  it('whose answer is lost is found by asking for the whole, also after a restart', async () => {
    const desk = await attached()
    desk.venue.script({ kind: 'unknown-landed' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.restart()
    await desk.pass(2_000)
    expect(await stateOf(desk)).toMatchObject({ held: '0.00999', state: 'protected' })
    expect(desk.venue.callsOf('placeProtection')).toHaveLength(1)
  })

  it('that never landed is given up and frees what was reserved', async () => {
    const desk = await attached()
    desk.venue.script({ kind: 'unknown-not-landed' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.pass(30_000)
    expect(await desk.ledger.loadOpenOrders(account)).toEqual([])
    const [entry] = desk.said('execution.order.expired.v1').map(({ payload }) => payload)
    expect(entry).toMatchObject({ leg: 'entry', code: 'not_placed', endsReservation: true })
  })

  it('is not for what is held already: that gets one protection for all', async () => {
    const desk = await attached()
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.approve({ name: 'two' })
    await desk.settle()
    await desk.pass(2_000)
    expect(desk.venue.callsOf('placeOrder')).toHaveLength(1)
    expect(await stateOf(desk)).toMatchObject({
      held: '0.01998',
      state: 'protected',
      resting: ['stop-loss 0.01998', 'limit-maker 0.01998'],
    })
  })

  it('protects by hand what the venue could not: a price that has left the place', async () => {
    const desk = await attached()
    await desk.approve({ name: 'one', stop: '50050', takeProfit: '52000' })
    await desk.settle()
    expect(await stateOf(desk)).toMatchObject({ resting: [] })
    expect(['none', 'dust']).toContain((await stateOf(desk)).state)
  })
})
