import { Decimal } from '@flotilla/money'
import type { AccountEvent, VenueOrder } from '@flotilla/venue'
import { beforeEach, describe, expect, it } from 'vitest'
import { createHarness, type DeskHarness } from '../testing.ts'
import { step } from './step.ts'

describe('the stream of the account', () => {
  let desk: DeskHarness
  /** What the venue told and nobody has heard yet. */
  let told: VenueOrder[]
  beforeEach(async () => {
    desk = await createHarness()
    told = []
    desk.venue.watchAccount((event: AccountEvent) => {
      if (event.kind === 'order') told.push(event.order)
    })
  })

  const hear = async (orders: readonly VenueOrder[]): Promise<void> => {
    for (const order of orders) await desk.input({ kind: 'streamed', order })
  }
  const fills = () => desk.ledger.loadFills({ account: 'main' })
  const protection = () => desk.desk.position?.protection?.state

  it('resolves an order whose answer was lost, without a question', async () => {
    desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    desk.venue.calls.length = 0
    await hear(told.splice(0))
    expect(desk.said('execution.order.filled.v1')).toHaveLength(1)
    expect(desk.venue.callsOf('queryOrder')).toEqual([])
    await desk.settle()
    expect(protection()).toBe('protected')
  })

  it('records each fill once, however often and in whatever order it is told', async () => {
    desk.venue.script({ kind: 'partial', quantity: '0.004', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    const all = told.splice(0)
    await hear(all.toReversed())
    await hear(all)
    await desk.settle()
    const recorded = await fills()
    expect(recorded.map(({ tradeId }) => tradeId)).toEqual(
      desk.venue.allFills().map(({ tradeId }) => tradeId),
    )
    expect(desk.desk.position?.quantity.toString()).toBe('0.003996')
  })

  it('protects once, although it tells of fills before the answer does', async () => {
    await desk.approve({ name: 'one' })
    const [entry] = desk.effects
    await desk.send(entry!)
    const [filled] = told.splice(0)
    const half = { filledQuantity: Decimal.from('0.005'), status: 'partially-filled' } as const
    const part = filled!.fills!.map((fill) => ({ ...fill, quantity: Decimal.from('0.005') }))
    await hear([{ ...filled!, ...half, fills: part }])
    expect(protection()).toBe('unprotected')
    expect(desk.effects.map(({ kind }) => kind)).not.toContain('place-protection')
    // The last word on the entry is enough, its answer need not be here.
    await hear([{ ...filled!, ...half, status: 'expired', fills: null }])
    expect(desk.effects.map(({ kind }) => kind)).toContain('place-protection')
  })

  it('sees a protection that was reached without asking for it', async () => {
    await desk.approve({ name: 'one' })
    await desk.settle()
    await hear(told.splice(0))
    await desk.settle()
    desk.venue.calls.length = 0
    desk.venue.setPrice('BTC/USDT', '48000')
    await hear(told.splice(0))
    expect(desk.desk.position?.quantity.toString()).toBe('0')
    expect(desk.venue.calls).toEqual([])
  })

  it('fetches what it left out when a later event counts more', async () => {
    await desk.approve({ name: 'one' })
    await desk.settle()
    await hear(told.splice(0))
    await desk.settle()
    const stop = desk.venue.allOrders().find(({ type }) => type === 'stop-loss')!
    desk.venue.fill(stop.clientOrderId, '0.004', '49000')
    desk.venue.fill(stop.clientOrderId, '0.002', '49000')
    await hear(told.splice(0).slice(-1))
    await desk.settle()
    expect(await fills()).toHaveLength(3)
  })

  it('has the fills fetched at once where a venue tells of orders only', async () => {
    desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    desk.venue.calls.length = 0
    await hear(told.splice(0).map((order) => ({ ...order, fills: null })))
    await desk.settle()
    expect(desk.venue.callsOf('fetchFills')).toHaveLength(1)
    expect(desk.said('execution.order.filled.v1')).toHaveLength(1)
    expect(protection()).toBe('protected')
  })

  it('lets questions about resting orders wait, and a gap asks at once', async () => {
    await desk.approve({ name: 'one' })
    await desk.settle()
    const questions = async (followed: boolean): Promise<number> => {
      desk.venue.calls.length = 0
      for (let second = 0; second < 60; second++) {
        desk.now += 1_000
        desk.desk = { ...desk.desk, followed }
        await desk.input({ kind: 'tick' })
        await desk.settle()
      }
      return desk.venue.callsOf('queryProtection').length
    }
    expect(await questions(false)).toBeGreaterThanOrEqual(11)
    await questions(true)
    expect(await questions(true)).toBe(1)
    desk.venue.calls.length = 0
    await desk.input({ kind: 'sweep' })
    await desk.settle()
    const asked = desk.venue.calls.map(({ method }) => method)
    expect(asked.toSorted()).toEqual(['fetchFills', 'queryProtection'])
  })

  it('says nothing about orders of others', () => {
    const order = { clientOrderId: 'somebody' } as VenueOrder
    const draft = step(desk.desk, { kind: 'streamed', order }, desk.now)
    expect(draft).toMatchObject({ changes: [], messages: [], effects: [] })
  })
})
