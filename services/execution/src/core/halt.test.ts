// A symbol that takes no more entries until an operator has looked.
import { describe, expect, it } from 'vitest'
import { createHarness, positionOf, symbol, type DeskHarness } from '../testing.ts'

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
