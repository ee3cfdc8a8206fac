// A desk that begins again from the ledger.
import { describe, expect, it } from 'vitest'
import { createHarness, positionOf, symbol } from '../testing.ts'

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

  it("asks about what rests by the venue's own id too, which a name may not be found by", async () => {
    const desk = await createHarness({ rules: { ocoAllowed: false } })
    await desk.approve({ name: 'one' })
    await desk.settle()
    const [resting] = await desk.venue.fetchOpenOrders(symbol)
    await desk.restart()
    await desk.input({ kind: 'tick' })
    const questions = desk.effects.filter(({ kind }) => kind === 'query-order')
    const { clientOrderId, venueOrderId } = resting!
    expect(questions).toMatchObject([{ clientOrderId, venueOrderId }])
    await desk.settle()
    const asked = desk.venue.callsOf('queryOrder').at(-1)?.argument
    expect(asked).toEqual({ symbol, clientOrderId, venueOrderId })
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
