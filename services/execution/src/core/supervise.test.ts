// The exits that the venue does not carry out by itself: a take-profit beside a lone stop, a stop whose
// limit the price has jumped over, and both where nothing rests.
import type { OrderType } from '@flotilla/venue'
import { describe, expect, it } from 'vitest'
import { account, createHarness, symbol, venueName, type DeskHarness } from '../testing.ts'

const orderTypes: Readonly<Record<'stop' | 'stop-limit' | 'supervised', readonly OrderType[]>> = {
  stop: ['market', 'limit', 'stop-loss'],
  'stop-limit': ['market', 'limit', 'stop-loss-limit'],
  supervised: ['market', 'limit'],
}
type Mode = keyof typeof orderTypes

/** An entry of 0.01 at 50000 with a stop at 49000 and a target at 52000. */
async function entered(mode: Mode): Promise<DeskHarness> {
  const rules = { ocoAllowed: false, orderTypes: orderTypes[mode] }
  const desk = await createHarness({ rules })
  await desk.approve({ name: 'one' })
  await desk.settle()
  return desk
}

async function protectionOf(desk: DeskHarness) {
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  return { ...position?.protection, held: position?.quantity.toString() }
}

async function restingOf(desk: DeskHarness): Promise<string[]> {
  const open = await desk.venue.fetchOpenOrders(symbol)
  return open.map(({ type, stopPrice, limitPrice, quantity }) =>
    [type, stopPrice, limitPrice, quantity].map(String).join(' '),
  )
}

function closedBy(desk: DeskHarness): string[] {
  const reasons = desk.said('execution.position.changed.v1').flatMap(({ payload }) => {
    const { protection } = payload as { protection: { state: string; reason: string | null } }
    return protection.state === 'closing' && protection.reason !== null ? [protection.reason] : []
  })
  return [...new Set(reasons)]
}

describe('what rests at the venue', () => {
  it.each<readonly [Mode, readonly string[]]>([
    ['stop', ['stop-loss 49000 null 0.00999']],
    ['stop-limit', ['stop-loss-limit 49000 48510 0.00999']],
    ['supervised', []],
  ])('is, under %s, as much as it offers', async (mode, resting) => {
    const desk = await entered(mode)
    expect(await restingOf(desk)).toEqual(resting)
    expect(await protectionOf(desk)).toMatchObject({ state: 'protected', held: '0.00999' })
    const said = desk.said('execution.position.changed.v1').at(-1)?.payload
    expect(said).toMatchObject({ protection: { mode, quantity: '0.00999', reason: null } })
  })

  it.each<Mode>(['stop', 'stop-limit', 'supervised'])(
    'covers under %s what an entry filled in part has brought',
    async (mode) => {
      const rules = { ocoAllowed: false, orderTypes: orderTypes[mode] }
      const desk = await createHarness({ rules })
      desk.venue.script({ kind: 'partial', quantity: '0.004' })
      await desk.approve({ name: 'one' })
      await desk.settle()
      const protection = await protectionOf(desk)
      expect(protection.quantity?.toString()).toBe('0.00399')
      expect(protection.state).toBe('protected')
    },
  )
})

describe('the watch over the price', () => {
  const reached: readonly (readonly [Mode, string, string])[] = [
    ['stop', '52000', 'take_profit_reached'],
    ['stop-limit', '52000.01', 'take_profit_reached'],
    ['supervised', '52000', 'take_profit_reached'],
    ['supervised', '49000', 'stop_reached'],
    ['supervised', '40000', 'stop_reached'],
  ]
  it.each(reached)('sells under %s at %s: %s', async (mode, price, code) => {
    const desk = await entered(mode)
    await desk.price(price)
    await desk.settle()
    expect(closedBy(desk)).toEqual([code])
    expect(await restingOf(desk)).toEqual([])
    expect((await protectionOf(desk)).held).toBe('0')
  })

  it.each<Mode>(['stop', 'stop-limit', 'supervised'])(
    'leaves a position under %s alone between its prices',
    async (mode) => {
      const desk = await entered(mode)
      await desk.price('51999.99')
      await desk.price('49000.01')
      await desk.pass(2_000)
      expect(closedBy(desk)).toEqual([])
      expect((await protectionOf(desk)).state).toBe('protected')
    },
  )

  it('takes the market when the price has jumped over the limit of the stop', async () => {
    const desk = await entered('stop-limit')
    await desk.price('48000')
    await desk.settle()
    expect(await restingOf(desk)).toEqual(['stop-loss-limit 49000 48510 0.00999'])
    await desk.pass(4_500)
    expect(closedBy(desk)).toEqual([])
    await desk.pass(1_500)
    expect(closedBy(desk)).toEqual(['stop_gapped'])
    expect(await protectionOf(desk)).toMatchObject({ state: 'none', held: '0' })
  })

  it('does not count a gap that the price has closed again', async () => {
    const desk = await entered('stop-limit')
    desk.venue.script({ kind: 'rejected', code: 'throttled', method: 'cancelOrder' })
    await desk.price('48000')
    await desk.pass(3_000)
    await desk.input({ kind: 'price', price: desk.desk.price!.value.plus('900'), at: desk.now })
    await desk.pass(3_000)
    expect(closedBy(desk)).toEqual([])
  })

  it('sells once, whatever is told meanwhile', async () => {
    const desk = await entered('supervised')
    await desk.price('48900')
    await desk.price('48800')
    await desk.price('53000')
    await desk.settle()
    const sales = desk.venue.allOrders().filter(({ side }) => side === 'sell')
    expect(sales.map(({ status }) => status)).toEqual(['filled'])
  })

  it('goes on after a restart, and asks for the price at once', async () => {
    const desk = await entered('supervised')
    desk.venue.setPrice(symbol, '48000')
    await desk.restart()
    await desk.input({ kind: 'tick' })
    expect(desk.effects.map(({ kind }) => kind)).toContain('fetch-price')
    await desk.settle()
    expect(closedBy(desk)).toEqual(['stop_reached'])
  })
})

describe('a watch that cannot see', () => {
  it('asks for the price when nobody tells it', async () => {
    const desk = await entered('supervised')
    await desk.pass(60_000)
    expect(desk.venue.callsOf('fetchTicker').length).toBeGreaterThanOrEqual(10)
    expect((await protectionOf(desk)).state).toBe('protected')
    expect(desk.said('execution.protection.failed.v1')).toEqual([])
  })

  it('counts the position as unprotected, says so, and watches again when it can', async () => {
    const desk = await entered('supervised')
    desk.venue.failReads('unreachable', 1_000)
    await desk.pass(25_000)
    expect(await protectionOf(desk)).toMatchObject({ state: 'unprotected', reason: 'price_silent' })
    const [failure] = desk.said('execution.protection.failed.v1')
    expect(failure?.payload).toMatchObject({ leg: 'stop-loss', code: 'price_silent' })
    await desk.ticker()
    expect(await protectionOf(desk)).toMatchObject({ state: 'protected', reason: null })
    expect(desk.said('execution.protection.failed.v1')).toHaveLength(1)
  })

  it('closes the position and halts the symbol when the time is up', async () => {
    const desk = await entered('supervised')
    desk.venue.failReads('unreachable', 1_000)
    await desk.pass(60_000)
    const failures = desk.said('execution.protection.failed.v1').map(({ payload }) => payload)
    expect(failures).toMatchObject([
      { code: 'price_silent', action: 'retrying' },
      { code: 'protection_deadline', action: 'flattening' },
    ])
    expect(desk.desk.halted?.reason).toContain('protection_deadline')
    expect((await protectionOf(desk)).held).toBe('0')
  })
})

describe('a protection that the venue ends by itself', () => {
  it('is said with its leg and its reason, and placed again', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one' })
    await desk.settle()
    const stop = (await desk.venue.fetchOpenOrders(symbol)).find(({ type }) => type === 'stop-loss')
    desk.venue.expire(stop!.clientOrderId, 'EXCHANGE_CANCELED')
    await desk.pass(6_000)
    const [failure] = desk.said('execution.protection.failed.v1')
    expect(failure?.payload).toMatchObject({ leg: 'stop-loss', code: 'EXCHANGE_CANCELED' })
    const reasons = desk.said('execution.position.changed.v1').map(({ payload }) => payload)
    expect(JSON.stringify(reasons)).toContain('stop-loss ended by the venue: EXCHANGE_CANCELED')
    expect((await protectionOf(desk)).state).toBe('protected')
    expect(await restingOf(desk)).toHaveLength(2)
  })
})

describe('the configuration', () => {
  it('may ask for less than the venue offers', async () => {
    const desk = await createHarness({ seams: { settings: { protection: 'stop' } } })
    await desk.approve({ name: 'one' })
    await desk.settle()
    expect(await restingOf(desk)).toEqual(['stop-loss 49000 null 0.00999'])
  })
})
