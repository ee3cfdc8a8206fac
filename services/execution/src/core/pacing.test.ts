// Large orders in slices over a time: what is sent when, what rests between, what a restart finds.
import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import { account, createHarness, symbol, venueName, type DeskHarness } from '../testing.ts'

const pacing = { notionalMin: Decimal.from('400'), slices: 4, durationMs: 30_000 }

function paced(): Promise<DeskHarness> {
  return createHarness({ seams: { settings: { pacing } } })
}

function ordersOf(desk: DeskHarness, side: 'buy' | 'sell'): string[] {
  return desk.venue
    .allOrders()
    .filter((order) => order.side === side && order.type !== 'stop-loss')
    .filter(({ type }) => type !== 'limit-maker')
    .map(({ clientOrderId, quantity }) => `${clientOrderId.split('-')[1]} ${quantity.toString()}`)
}

async function heldOf(desk: DeskHarness) {
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  return { held: position?.quantity.toString(), state: position?.protection?.state }
}

function waitingOf(desk: DeskHarness) {
  const waiting = [...desk.desk.tickets.values()].filter(({ order }) => order.state === 'created')
  return waiting.map(({ order, terms }) => ({
    attempt: order.attempt,
    quantity: order.quantity.toString(),
    target: terms.target?.toString(),
  }))
}

function endsOf(desk: DeskHarness): boolean[] {
  return desk.messages.flatMap(({ payload }) => {
    const isOrder =
      'endsReservation' in payload && (payload.leg === 'entry' || payload.leg === 'exit')
    return isOrder ? [payload.endsReservation] : []
  })
}

describe('an entry in slices', () => {
  it('buys the same part at each turn, and is protected for what it has', async () => {
    const desk = await paced()
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(ordersOf(desk, 'buy')).toEqual(['e1 0.0025'])
    expect(await heldOf(desk)).toEqual({ held: '0.0024975', state: 'protected' })
    await desk.pass(10_000)
    expect(ordersOf(desk, 'buy')).toEqual(['e1 0.0025', 'e2 0.0025'])
    expect(await heldOf(desk)).toEqual({ held: '0.004995', state: 'protected' })
    await desk.pass(25_000)
    expect(ordersOf(desk, 'buy')).toHaveLength(4)
    expect(await heldOf(desk)).toEqual({ held: '0.00999', state: 'protected' })
    expect(endsOf(desk).filter(Boolean)).toHaveLength(1)
    expect(endsOf(desk).at(-1)).toBe(true)
  })

  it('goes on after a restart where it was', async () => {
    const desk = await paced()
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.pass(10_000)
    await desk.restart()
    await desk.pass(30_000)
    expect(ordersOf(desk, 'buy')).toEqual(['e1 0.0025', 'e2 0.0025', 'e3 0.0025', 'e4 0.0025'])
  })

  it('takes into its last slice what the ones before did not get', async () => {
    const desk = await paced()
    desk.venue.script({ kind: 'partial', quantity: '0.001' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.pass(40_000)
    expect(ordersOf(desk, 'buy').at(-1)).toBe('e4 0.004')
  })

  it('buys what a slice that was given up stood for no second time, whenever that is found', async () => {
    const desk = await paced()
    desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
    desk.replica = (answer) => {
      if (answer.kind === 'order-told') return { ...answer, order: null }
      return 'fills' in answer ? { ...answer, fills: [] } : answer
    }
    await desk.approve({ name: 'one', expiresInMs: 600_000 })
    await desk.settle()
    await desk.pass(25_000)
    expect(waitingOf(desk)).toMatchObject([{ attempt: 3, target: '0.005' }])
    desk.replica = (answer) => answer
    await desk.pass(90_000)
    expect(ordersOf(desk, 'buy')).toEqual(['e1 0.0025', 'e2 0.0025', 'e3 0.0025', 'e4 0.0025'])
    expect((await heldOf(desk)).held).toBe('0.00999')
    expect(endsOf(desk).filter(Boolean)).toHaveLength(1)
    expect(endsOf(desk).at(-1)).toBe(true)
  })

  it('buys less when a slice is filled after it was told to have ended', async () => {
    const desk = await paced()
    desk.venue.script({ kind: 'partial', quantity: '0.001' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(waitingOf(desk)).toMatchObject([{ attempt: 2, target: '0.009', quantity: '0.0025' }])
    const [fill] = await desk.venue.fetchFills(symbol, { since: 0 })
    const late = { ...fill!, tradeId: '99', quantity: Decimal.from('0.0008') }
    await desk.input({ kind: 'fills-told', key: 'fills', fills: [fill!, late] })
    expect(waitingOf(desk)).toMatchObject([{ attempt: 2, target: '0.0082', quantity: '0.0025' }])
  })

  it('stops when the position is sold meanwhile', async () => {
    const desk = await paced()
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.input({ kind: 'flatten', reason: 'told so' })
    await desk.pass(60_000)
    expect(ordersOf(desk, 'buy')).toEqual(['e1 0.0025'])
    expect(await heldOf(desk)).toEqual({ held: '0.0000075', state: 'dust' })
    expect(endsOf(desk).filter(Boolean)).toHaveLength(1)
  })

  it('is sent at once when it is small', async () => {
    const desk = await paced()
    await desk.approve({ name: 'one', quantity: '0.004' })
    await desk.settle()
    expect(ordersOf(desk, 'buy')).toEqual(['e1 0.004'])
    expect(endsOf(desk).at(-1)).toBe(true)
  })
})

describe('an exit in slices', () => {
  it('sells part by part, and the rest stays protected between', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    desk.desk = { ...desk.desk, settings: { ...desk.desk.settings, pacing } }
    await desk.approve({ name: 'two', purpose: 'exit', quantity: '0.00999' })
    await desk.settle()
    expect(ordersOf(desk, 'sell')).toEqual(['x1 0.00249'])
    expect(await heldOf(desk)).toEqual({ held: '0.0075', state: 'protected' })
    const [resting] = await desk.venue.fetchOpenOrders(symbol)
    expect(resting?.quantity.toString()).toBe('0.0075')
    await desk.pass(20_000)
    expect(ordersOf(desk, 'sell')).toHaveLength(3)
    await desk.restart()
    await desk.pass(15_000)
    expect(ordersOf(desk, 'sell')).toEqual(['x1 0.00249', 'x2 0.00249', 'x3 0.00249', 'x4 0.00252'])
    expect((await heldOf(desk)).held).toBe('0')
    expect(endsOf(desk).at(-1)).toBe(true)
  })
})

it('an exit sells less when one that was given up turns up before the next one is sent', async () => {
  const desk = await createHarness()
  await desk.approve({ name: 'one' })
  await desk.settle()
  desk.desk = { ...desk.desk, settings: { ...desk.desk.settings, pacing } }
  desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
  desk.replica = (answer) => {
    if (answer.kind === 'order-told') return { ...answer, order: null }
    return 'fills' in answer ? { ...answer, fills: [] } : answer
  }
  const patience = { expiresInMs: 600_000 }
  await desk.approve({ name: 'two', purpose: 'exit', quantity: '0.008', ...patience })
  await desk.settle()
  while (waitingOf(desk).length === 0) await desk.pass(500)
  expect(waitingOf(desk)).toMatchObject([{ attempt: 2, target: '0.008' }])
  const sold = desk.venue.allOrders().find(({ clientOrderId }) => clientOrderId.endsWith('-x1'))
  await desk.input({
    kind: 'streamed',
    order: { ...sold!, fills: desk.venue.allFills().slice(-1) },
  })
  const next = [...desk.desk.tickets.values()].find(({ order }) => {
    return order.leg === 'exit' && order.attempt === 2
  })
  expect(next?.terms.target?.toString()).toBe('0.006')
})
