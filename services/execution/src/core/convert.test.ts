// Exits that the book does not take well: sold at a quoted price, once, or by orders after all.
import { Decimal } from '@flotilla/money'
import type { Script } from '@flotilla/venue/testing'
import { describe, expect, it } from 'vitest'
import { account, createHarness, symbol, venueName, type DeskHarness } from '../testing.ts'
import { assetDifferences } from './compare.ts'

const pacing = { notionalMin: Decimal.from('400'), slices: 4, durationMs: 30_000 }
const script = (rest: Script): Script => ({ ...rest, method: 'acceptQuote' })

/** Holds 0.00999, protected; a sale of all of it goes in slices. */
async function holding(convert = true): Promise<DeskHarness> {
  const desk = await createHarness({ seams: { settings: { convert } } })
  await desk.approve({ name: 'in' })
  await desk.settle()
  desk.desk = { ...desk.desk, settings: { ...desk.desk.settings, pacing } }
  return desk
}

async function sell(desk: DeskHarness): Promise<void> {
  const patience = { expiresInMs: 120_000 }
  await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.00999', ...patience })
}

function salesOf(desk: DeskHarness): string[] {
  const sales = desk.venue
    .allOrders()
    .filter(({ side, type }) => side === 'sell' && type === 'market')
  return sales.map(({ quantity }) => quantity.toString())
}

const positionOf = (desk: DeskHarness) => desk.ledger.findPosition(account, venueName, symbol)
const convertedBy = (desk: DeskHarness) =>
  desk.venue.convert.all().map(({ fromAmount }) => fromAmount.toString())

async function expectSold(desk: DeskHarness, conversions: readonly string[]): Promise<void> {
  expect(convertedBy(desk)).toEqual(conversions)
  const position = await positionOf(desk)
  expect(position?.quantity.toString()).toBe('0')
  expect(position?.protection?.state).toBe('none')
  const ends = desk.messages.flatMap(({ payload }) =>
    'endsReservation' in payload && payload.leg === 'exit' ? [payload.endsReservation] : [],
  )
  expect(ends.filter(Boolean)).toHaveLength(1)
  expect(ends.at(-1)).toBe(true)
  const rules = [desk.desk.market.rules]
  const balances = await desk.venue.fetchBalances()
  const holdings = { rules, positions: [position!], balances }
  const before = new Map([['USDT', Decimal.from('1000000')]])
  expect(assetDifferences(holdings, before)).toEqual([])
}

describe('an exit that would go in slices', () => {
  it('goes at one quoted price, and what is received is what was quoted', async () => {
    const desk = await holding()
    await sell(desk)
    await desk.settle()
    await desk.pass(1_000)
    expect(salesOf(desk)).toEqual([])
    await expectSold(desk, ['0.00999'])
  })

  it('asks for no price unless it is configured', async () => {
    const desk = await holding(false)
    await sell(desk)
    await desk.settle()
    expect(salesOf(desk)).toEqual(['0.00249'])
    expect(desk.venue.callsOf('convert')).toEqual([])
  })

  it.each<[string, Script]>([
    ['landed', { kind: 'unknown-landed' }],
    ['landed later', { kind: 'unknown-lands-later' }],
  ])(
    'is asked about and never accepted again when its answer is lost and it %s',
    async (...row) => {
      const desk = await holding()
      desk.venue.script(script(row[1]))
      await sell(desk)
      await desk.settle()
      desk.venue.land()
      await desk.pass(2_000)
      expect(acceptedBy(desk)).toBe(1)
      await expectSold(desk, ['0.00999'])
    },
  )

  it.each<[string, Script]>([
    ['was refused', { kind: 'rejected', code: 'rejected_by_venue' }],
    ['never arrived', { kind: 'unknown-not-landed' }],
  ])('goes in slices after all when the acceptance %s', async (_, outcome) => {
    const desk = await holding()
    desk.venue.script(script(outcome))
    await sell(desk)
    await desk.settle()
    await desk.pass(60_000)
    expect(salesOf(desk)).toHaveLength(4)
    expect(acceptedBy(desk)).toBe(1)
    await expectSold(desk, [])
  })

  it.each<[string, (desk: DeskHarness) => void]>([
    ['there is no price', (desk) => desk.venue.convert.refuseQuotes('too much')],
    ['nobody answers', (desk) => desk.venue.failReads('timeout')],
  ])('goes in slices after all when %s', async (_, spoil) => {
    const desk = await holding()
    await sell(desk)
    while (!desk.effects.some(({ kind }) => kind === 'quote-conversion')) await advance(desk)
    spoil(desk)
    await desk.settle()
    await desk.pass(40_000)
    expect(salesOf(desk)).toHaveLength(4)
    await expectSold(desk, [])
  })

  it('takes no quote that costs too much', async () => {
    const desk = await holding()
    await sell(desk)
    while (!desk.effects.some(({ kind }) => kind === 'quote-conversion')) await advance(desk)
    await desk.send(desk.effects[0]!)
    const price = Decimal.from('50600')
    desk.desk = { ...desk.desk, price: { value: price, at: desk.now } }
    await desk.settle()
    expect(acceptedBy(desk)).toBe(0)
    expect(salesOf(desk)).toEqual(['0.00249'])
  })

  it.each([
    ['before the quote is accepted', false],
    ['before the answer is heard', true],
  ])('survives a death %s', async (_, arrives) => {
    const desk = await holding()
    await sell(desk)
    while (!desk.effects.some(({ kind }) => kind === 'accept-quote')) await advance(desk)
    const effect = desk.effects.find(({ kind }) => kind === 'accept-quote')!
    if (arrives) await desk.send(effect)
    await desk.restart()
    await desk.pass(60_000)
    expect(acceptedBy(desk)).toBe(arrives ? 1 : 0)
    await expectSold(desk, arrives ? ['0.00999'] : [])
  })
})

describe('dust', () => {
  it.each([
    ['is sold for what is quoted', true],
    ['stays unless it is configured', false],
  ])('%s', async (_, convert) => {
    const desk = await createHarness({ seams: { settings: { convert } } })
    await desk.approve({ name: 'in', quantity: '0.0075' })
    await desk.settle()
    const dust = '0.0000025'
    await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.00749' })
    await desk.settle()
    await desk.pass(1_000)
    const position = await positionOf(desk)
    expect(position?.quantity.toString()).toBe(convert ? '0' : dust)
    expect(convertedBy(desk)).toEqual(convert ? [dust] : [])
    const trades = await desk.ledger.loadTrades({ account, symbol })
    expect(trades.map(({ remaining }) => remaining.toString())).toEqual([convert ? '0' : dust])
  })

  it('is offered three times and then left alone', async () => {
    const desk = await createHarness({ seams: { settings: { convert: true } } })
    desk.venue.convert.refuseQuotes('too little')
    await desk.approve({ name: 'in', quantity: '0.0075' })
    await desk.settle()
    await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.00749' })
    await desk.settle()
    await desk.pass(30_000)
    expect(desk.venue.callsOf('convert')).toHaveLength(3)
    expect((await positionOf(desk))?.protection?.state).toBe('dust')
    expect(desk.desk.converting.failures).toBe(3)
    expect(await desk.ledger.loadTrades({ account, symbol })).toHaveLength(1)
  })
})

function acceptedBy(desk: DeskHarness): number {
  return desk.venue.convert.acceptances.length
}

/** One call and its answer. */
async function advance(desk: DeskHarness): Promise<void> {
  await desk.send(desk.effects[0]!)
  await desk.receive(desk.answers[0]!)
}
