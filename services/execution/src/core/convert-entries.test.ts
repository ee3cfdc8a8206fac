// Entries that would go in slices: bought at a quoted price, once and for all of it, or in slices after all.
import { Decimal } from '@flotilla/money'
import type { Script } from '@flotilla/venue/testing'
import { describe, expect, it } from 'vitest'
import { createHarness, type DeskHarness, type HarnessOptions } from '../testing.ts'

const pacing = { notionalMin: Decimal.from('400'), slices: 4, durationMs: 30_000 }
const script = (rest: Script): Script => ({ ...rest, method: 'acceptQuote' })

async function opened(settings: object = {}, options: HarnessOptions = {}): Promise<DeskHarness> {
  const own = { convert: true, convertEntries: true, pacing, ...settings }
  return createHarness({ ...options, seams: { settings: own } })
}

const buy = (desk: DeskHarness, limitPrice = '50100') =>
  desk.approve({ name: 'in', expiresInMs: 120_000, limitPrice })
const boughtBy = (desk: DeskHarness) =>
  desk.venue.convert.all().map(({ toAmount }) => toAmount.toString())
const slicesOf = (desk: DeskHarness) =>
  desk.venue
    .allOrders()
    .filter(({ side }) => side === 'buy')
    .map(({ quantity }) => quantity.toString())
const failures = (desk: DeskHarness) => desk.desk.converting.failures
const ends = (desk: DeskHarness) =>
  desk.messages.flatMap(({ payload }) =>
    'endsReservation' in payload && payload.leg === 'entry' ? [payload.endsReservation] : [],
  )

describe('an entry that would go in slices', () => {
  it('is bought at one quoted price, protected, and ends its reservation once', async () => {
    const desk = await opened()
    await buy(desk)
    await desk.settle()
    await desk.pass(2_000)
    expect(boughtBy(desk)).toEqual(['0.01'])
    expect(slicesOf(desk)).toEqual([])
    expect(desk.desk.position?.quantity.toString()).toBe('0.01')
    expect(desk.desk.position?.protection?.state).toBe('protected')
    expect(ends(desk).filter(Boolean)).toHaveLength(1)
    const paid = desk.venue.convert.all()[0]!.fromAmount
    const [fill] = await desk.ledger.loadFills({ account: 'main' })
    expect(fill?.price.times(fill.quantity).toString()).toBe(paid.toString())
    expect(paid.atMost(Decimal.from('501'))).toBe(true)
  })

  it.each([
    ['is off', { convertEntries: false }],
    ['is for exits alone', { convert: true, convertEntries: false }],
  ])('goes in slices where that %s', async (_, settings) => {
    const desk = await opened(settings)
    await buy(desk)
    await desk.settle()
    expect(slicesOf(desk)).toEqual(['0.0025'])
    expect(boughtBy(desk)).toEqual([])
  })

  it('goes at once where it is small', async () => {
    const desk = await opened({ pacing: null })
    await buy(desk)
    await desk.settle()
    expect(slicesOf(desk)).toEqual(['0.01'])
    expect(boughtBy(desk)).toEqual([])
  })

  it('goes in slices when there is no price', async () => {
    const desk = await opened()
    desk.venue.convert.refuseQuotes('too much')
    await buy(desk)
    await desk.settle()
    await desk.pass(45_000)
    expect(slicesOf(desk)).toEqual(['0.0025', '0.0025', '0.0025', '0.0025'])
    expect(failures(desk)).toBeGreaterThanOrEqual(0)
    expect(ends(desk).filter(Boolean)).toHaveLength(1)
  })

  it('is never bought for more than is reserved, nor far beyond the market', async () => {
    const desk = await opened()
    await buy(desk, '50010')
    await desk.settle()
    expect(boughtBy(desk)).toEqual([])
    expect(desk.venue.convert.acceptances).toEqual([])
    expect(slicesOf(desk)).toEqual(['0.0025'])
  })

  it('goes in slices when the price is refused, under another name', async () => {
    const desk = await opened()
    desk.venue.script(script({ kind: 'rejected', code: 'rejected_by_venue' }))
    await buy(desk)
    await desk.settle()
    await desk.pass(45_000)
    expect(boughtBy(desk)).toEqual([])
    expect(slicesOf(desk)).toHaveLength(4)
    const names = [...desk.desk.tickets.values()]
      .filter(({ order }) => order.leg === 'entry')
      .map(({ order }) => order.clientOrderId)
    expect(new Set(names).size).toBe(5)
    expect(ends(desk).filter(Boolean)).toHaveLength(1)
  })

  it.each(['unknown-landed', 'unknown-not-landed'] as const)(
    'is bought once when the answer is lost (%s), over a restart too',
    async (kind) => {
      const desk = await opened()
      desk.venue.script(script({ kind }))
      await buy(desk)
      for (const effect of desk.effects) await desk.send(effect)
      for (const answer of desk.answers) await desk.receive(answer)
      for (const effect of desk.effects) await desk.send(effect)
      await desk.restart()
      desk.desk = {
        ...desk.desk,
        settings: { ...desk.desk.settings, convert: true, convertEntries: true, pacing },
      }
      await desk.input({ kind: 'tick' })
      await desk.settle()
      await desk.pass(120_000)
      // What was denied may be there all the same: it is not bought a second time.
      const bought = kind === 'unknown-landed' ? '0.01' : undefined
      expect(desk.desk.position?.quantity.toString()).toBe(bought)
      expect(slicesOf(desk)).toEqual([])
      expect(boughtBy(desk)).toEqual(kind === 'unknown-landed' ? ['0.01'] : [])
      expect(ends(desk).filter(Boolean)).toHaveLength(1)
    },
  )

  it('is found later by its quote when the venue has denied what it had carried out', async () => {
    const desk = await opened()
    desk.venue.script(script({ kind: 'unknown-landed' }))
    desk.replica = (answer) => (answer.kind === 'order-told' ? { ...answer, order: null } : answer)
    await buy(desk)
    await desk.settle()
    await desk.pass(40_000)
    const states = [...desk.desk.tickets.values()].map(({ order }) => order.state)
    expect(states).toEqual(['not-placed'])
    desk.replica = (answer) => answer
    await desk.pass(180_000, 5_000)
    expect(boughtBy(desk)).toEqual(['0.01'])
    expect(slicesOf(desk)).toEqual([])
    expect(desk.desk.position?.quantity.toString()).toBe('0.01')
    expect(desk.desk.position?.protection?.state).toBe('protected')
  })

  it('is not bought when it was stopped while the price was asked for', async () => {
    const desk = await opened()
    await buy(desk)
    desk.desk = { ...desk.desk, entriesStopped: 'paused: test' }
    await desk.settle()
    expect(desk.venue.convert.acceptances).toEqual([])
    expect(desk.desk.position?.quantity.isPositive() ?? false).toBe(false)
    expect(desk.said('execution.order.expired.v1')).toHaveLength(1)
  })
})
