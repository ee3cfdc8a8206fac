import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import {
  account,
  createHarness,
  priceGoes,
  symbol,
  venueName,
  type DeskHarness,
  type HarnessOptions,
} from '../testing.ts'

/** Bought at 50000; what was paid comes to 50050.05 with the fee. The target is far away. */
async function holding(exits: HarnessOptions['exits'], takeProfit = '90000'): Promise<DeskHarness> {
  const desk = await createHarness({ exits })
  await desk.approve({ name: 'one', takeProfit })
  await desk.settle()
  return desk
}

async function held(desk: DeskHarness) {
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  const open = await desk.venue.fetchOpenOrders(symbol)
  return {
    quantity: position?.quantity.toString(),
    state: position?.protection?.state,
    stop: open.find(({ type }) => type === 'stop-loss')?.stopPrice?.toString() ?? null,
    covered: open[0]?.quantity.toString() ?? null,
  }
}

const sales = (desk: DeskHarness): string[] =>
  desk.venue
    .allOrders()
    .filter(({ side, type }) => side === 'sell' && type === 'market')
    .map(({ quantity }) => quantity.toString())

describe('a trailing stop', () => {
  const trailing = { activation: 0.03, distance: 0.02 }

  it('stays where it was before the gain has reached its activation', async () => {
    const desk = await holding({ trailing })
    await priceGoes(desk, '51400')
    expect(await held(desk)).toMatchObject({ state: 'protected', stop: '49000' })
  })

  it('follows the price up, and never down', async () => {
    const desk = await holding({ trailing })
    await priceGoes(desk, '52000')
    expect(await held(desk)).toMatchObject({ state: 'protected', stop: '50960' })
    await priceGoes(desk, '53000', '52500', '52100')
    expect(await held(desk)).toMatchObject({ state: 'protected', stop: '51940' })
    expect(sales(desk)).toEqual([])
  })

  it('is moved at the venue in steps only, each under new names', async () => {
    const desk = await holding({ trailing })
    await priceGoes(desk, '52000', '52100', '52200')
    expect((await held(desk)).stop).toBe('50960')
    expect(desk.venue.callsOf('placeProtection')).toHaveLength(2)
    await priceGoes(desk, '52300')
    expect((await held(desk)).stop).toBe('51254')
    expect(desk.venue.callsOf('placeProtection')).toHaveLength(3)
  })

  it('closes at its exact distance, between the steps of the resting stop', async () => {
    const desk = await holding({ trailing })
    await priceGoes(desk, '52000', '52200', '51150')
    expect(await held(desk)).toMatchObject({ quantity: '0', state: 'none', stop: null })
    expect(sales(desk)).toEqual(['0.00999'])
    expect(desk.desk.halted).toBeNull()
  })

  it('is where it was after a restart, and goes on from there', async () => {
    const desk = await holding({ trailing })
    await priceGoes(desk, '52000')
    await desk.restart()
    await desk.pass(1_000)
    await priceGoes(desk, '51500')
    expect(await held(desk)).toMatchObject({ state: 'protected', stop: '50960' })
    await priceGoes(desk, '53000')
    expect(await held(desk)).toMatchObject({ stop: '51940' })
  })

  it('begins anew with the next position', async () => {
    const desk = await holding({ trailing })
    await priceGoes(desk, '53000', '51500')
    expect((await held(desk)).quantity).toBe('0')
    await desk.price('50000')
    await desk.approve({ name: 'two', takeProfit: '90000' })
    await desk.settle()
    await desk.pass(1_500)
    expect(await held(desk)).toMatchObject({ state: 'protected', stop: '49000' })
  })

  it('gives a position a stop that came without one', async () => {
    const desk = await createHarness({ exits: { trailing } })
    await desk.approve({ name: 'one', stop: null, takeProfit: null })
    await desk.settle()
    await desk.pass(1_000)
    expect(await held(desk)).toMatchObject({ state: 'unprotected', stop: null })
    await priceGoes(desk, '52000')
    expect(await held(desk)).toMatchObject({ state: 'protected', stop: '50960' })
  })
})

describe('a target in parts', () => {
  const ladder = [
    { gain: 0.02, share: 0.5 },
    { gain: 0.04, share: 0.3 },
  ]

  it('sells each part once, when its gain is reached, and keeps the rest protected', async () => {
    const desk = await holding({ ladder })
    await priceGoes(desk, '51000')
    expect(sales(desk)).toEqual([])
    await priceGoes(desk, '51100')
    expect(await held(desk)).toEqual({
      quantity: '0.005',
      state: 'protected',
      stop: '49000',
      covered: '0.005',
    })
    await priceGoes(desk, '51200', '50500', '51200')
    expect(sales(desk)).toEqual(['0.00499'])
    await priceGoes(desk, '52500')
    expect(sales(desk)).toEqual(['0.00499', '0.00299'])
    expect(await held(desk)).toMatchObject({ quantity: '0.00201', covered: '0.00201' })
  })

  it('is its own kind of sale: part of the target, at the market, of no reservation', async () => {
    const desk = await holding({ ladder })
    await priceGoes(desk, '51100')
    const payloads = desk.messages.map(({ payload }) => payload as Record<string, unknown>)
    expect(payloads.filter(({ orderType }) => orderType === 'market').at(-1)).toMatchObject({
      leg: 'take-profit',
      reservationId: null,
      filledQuantity: '0.00499',
    })
  })

  it('takes several parts when the price leaps', async () => {
    const desk = await holding({ ladder })
    await priceGoes(desk, '53000')
    expect(sales(desk)).toEqual(['0.00499', '0.00299'])
    expect(await held(desk)).toMatchObject({ state: 'protected', covered: '0.00201' })
  })

  it('sells all when the rest would be dust', async () => {
    const desk = await holding({ ladder: [{ gain: 0.02, share: 0.995 }] })
    await priceGoes(desk, '51100')
    expect(sales(desk)).toEqual(['0.00999'])
    expect(await held(desk)).toMatchObject({ quantity: '0', state: 'none' })
  })

  it('skips a part that is dust itself', async () => {
    const desk = await holding({ ladder: [{ gain: 0.02, share: 0.01 }, ladder[1]!] })
    await priceGoes(desk, '51100')
    expect(sales(desk)).toEqual([])
    await priceGoes(desk, '52500')
    expect(sales(desk)).toEqual(['0.00299'])
  })

  it('gives a part up that the venue refuses, and protects again', async () => {
    const desk = await holding({ ladder })
    const refusal = { kind: 'rejected', code: 'rejected_by_venue', method: 'placeOrder' } as const
    desk.venue.script(refusal, refusal, refusal)
    await desk.price('51100')
    await desk.pass(20_000)
    expect(await held(desk)).toMatchObject({ state: 'protected', covered: '0.00999' })
    await priceGoes(desk, '52500')
    expect(sales(desk)).toEqual(['0.00299'])
  })

  it.each([1, 2, 3, 4, 5, 6])('survives a restart after %i calls', async (calls) => {
    const desk = await holding({ ladder })
    desk.venue.setPrice(symbol, '51100')
    await desk.input({ kind: 'price', price: Decimal.from('51100'), at: desk.now })
    for (let call = 0; call < calls; call++) {
      if (desk.answers.length > 0) await desk.receive(desk.answers[0]!)
      else if (desk.effects.length > 0) await desk.send(desk.effects[0]!)
    }
    await desk.restart()
    await desk.pass(1_000)
    await desk.price('51100')
    await desk.pass(40_000)
    expect(sales(desk)).toEqual(['0.00499'])
    expect(await held(desk)).toMatchObject({ state: 'protected', covered: '0.005' })
  })
})

describe('a longest time to hold', () => {
  it('closes the position when it is over, also over a restart', async () => {
    const desk = await holding({ holdingMsMax: 60_000 })
    await desk.pass(50_000)
    expect(await held(desk)).toMatchObject({ state: 'protected' })
    await desk.restart()
    await desk.pass(11_000)
    expect(await held(desk)).toMatchObject({ quantity: '0', state: 'none' })
  })

  it('counts from the first fill, not from what is added', async () => {
    const desk = await holding({ holdingMsMax: 60_000 })
    await desk.pass(50_000)
    await desk.approve({ name: 'two', takeProfit: '90000' })
    await desk.settle()
    await desk.pass(11_000)
    expect(await held(desk)).toMatchObject({ quantity: '0' })
  })
})

describe('a longest time to hold, where dust was left before,', () => {
  it('counts from what is bought onto the dust', async () => {
    const desk = await holding({ holdingMsMax: 60_000 })
    await desk.approve({ name: 'out', purpose: 'exit', quantity: '0.00995' })
    await desk.settle()
    expect(await held(desk)).toMatchObject({ quantity: '0.00004', state: 'dust' })
    await desk.pass(100_000)
    await desk.approve({ name: 'two', takeProfit: '90000', now: desk.now })
    await desk.settle()
    await desk.pass(50_000)
    expect(await held(desk)).toMatchObject({ state: 'protected' })
    await desk.pass(11_000)
    expect(await held(desk)).toMatchObject({ quantity: '0', state: 'none' })
  })
})

describe('a plan', () => {
  it('is kept as the position began with it, whatever is configured later', async () => {
    const desk = await holding({ holdingMsMax: 60_000 })
    desk.desk = { ...desk.desk, settings: { ...desk.desk.settings, exits: null } }
    await desk.pass(61_000)
    expect(await held(desk)).toMatchObject({ quantity: '0' })
  })

  it('costs no commit when there is none', async () => {
    const desk = await holding(undefined)
    expect(await desk.ledger.recallAll('execution', 'exits:')).toEqual([])
  })

  it('is forgotten with its position', async () => {
    const desk = await holding({ holdingMsMax: 60_000 })
    expect(await desk.ledger.recallAll('execution', 'exits:')).toHaveLength(1)
    await desk.pass(61_000)
    expect(await desk.ledger.recallAll('execution', 'exits:')).toEqual([])
  })
})
