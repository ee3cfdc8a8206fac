import { deriveId, instant, type OrderState } from '@flotilla/contracts'
import { createMemoryLedger, type Ledger, type Order } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimal, intentMessage, orderMessage, testNow } from './testing.ts'
import { startRig, until, type Rig } from './testing/rig.ts'
import { startedRigs } from './testing/started-rigs.ts'

const start = startedRigs()

const intentId = deriveId('forgotten')
/** A minute of life, and ten minutes of grace. */
const forgottenAt = testNow + 660_000

/** Approved, and what was said of it came to nobody. */
async function approvedInto(ledger: Ledger): Promise<void> {
  const rig = await startRig({ ledger })
  await rig.publish(intentMessage({ intentId }))
  await until(() => rig.heardOf('risk.intent.approved.v1').length === 1)
  await rig.stop()
}

async function reservationOf(ledger: Ledger) {
  const found = await ledger.findReservationOfIntent('main', intentId)
  if (found === null) throw new Error('no reservation of the intent')
  return found
}

async function order(ledger: Ledger, overrides: Partial<Order> = {}): Promise<Order> {
  const { reservationId } = await reservationOf(ledger)
  return {
    clientOrderId: 'fls-forgotten-e1',
    account: 'main',
    venue: 'simulator',
    symbol: 'BTC/USDT',
    intentId,
    reservationId,
    leg: 'entry',
    attempt: 1,
    side: 'buy',
    type: 'limit',
    quantity: decimal('0.001'),
    price: decimal('50000'),
    stopPrice: null,
    timeInForce: 'ioc',
    state: 'submitting',
    venueOrderId: null,
    listId: null,
    filledQuantity: Decimal.zero,
    quoteFilled: Decimal.zero,
    createdAt: testNow,
    submittedAt: testNow,
    updatedAt: testNow,
    version: 1,
    reason: null,
    correlationId: deriveId('correlation'),
    details: null,
    ...overrides,
  }
}

async function commitOrder(ledger: Ledger, overrides: Partial<Order> = {}) {
  const changes = [{ kind: 'order-created' as const, order: await order(ledger, overrides) }]
  const [outcome] = await ledger.commit([
    { consumer: 'execution', causeId: null, changes, outgoing: [] },
  ])
  return outcome
}

describe('a reservation of which no order came', () => {
  it('is withdrawn ten minutes after its intent expired, with reason, count and alert', async () => {
    const rig = await start()
    await rig.publish(intentMessage({ intentId }))
    await until(() => rig.heardOf('risk.intent.approved.v1').length === 1)
    await rig.context.clock.advance(600_000)
    await until(() => rig.context.logs.messages('info').includes('equity valued'))
    expect(await reservationOf(rig.ledger)).toMatchObject({ state: 'held' })
    await rig.context.clock.advance(300_000)
    await until(async () => (await reservationOf(rig.ledger)).state === 'released')
    const expired = instant(testNow + 60_000)
    const reason = `withdrawn: execution made no order of the approval, and the intent expired at ${expired}`
    expect(await reservationOf(rig.ledger)).toMatchObject({ endReason: reason })
    expect(await rig.ledger.loadOrdersOfIntent('main', intentId)).toMatchObject([
      { state: 'expired', leg: 'entry', attempt: 1, submittedAt: null, reason },
    ])
    const [balance] = await rig.ledger.loadBalances('main')
    expect(balance?.reserved.toString()).toBe('0')
    const alert = 'reservation withdrawn: nothing would have ended it'
    await until(() => rig.context.logs.messages('warn').includes(alert))
    expect(await rig.context.metrics.metrics()).toMatch(
      /reservations_withdrawn_total\{cause="never-ordered".*\} 1/,
    )
  })

  it.each([
    { title: 'not a millisecond before', now: forgottenAt - 1, state: 'held' },
    { title: 'at a start too', now: forgottenAt, state: 'released' },
  ])('$title', async ({ now, state }) => {
    const ledger = createMemoryLedger()
    await approvedInto(ledger)
    const rig = await start({ ledger, now })
    expect(rig.agent.readiness()).toMatchObject({ ready: true })
    expect(await reservationOf(ledger)).toMatchObject({ state })
  })

  it('frees the money for the next intent', async () => {
    const ledger = createMemoryLedger()
    await approvedInto(ledger)
    const rig = await start({ ledger, now: forgottenAt })
    const at = instant(forgottenAt)
    const expiresAt = instant(forgottenAt + 60_000)
    await rig.publish(intentMessage({ expectedPriceAt: at, expiresAt }))
    await until(() => rig.heardOf('risk.intent.approved.v1').length === 1)
  })

  it('cannot be ordered for any more: the ledger refuses the order of a late approval', async () => {
    const ledger = createMemoryLedger()
    await approvedInto(ledger)
    await start({ ledger, now: forgottenAt })
    expect(await commitOrder(ledger)).toMatchObject({
      kind: 'refused',
      constraint: 'order_attempt_unique',
    })
  })

  it(
    'is withdrawn or ordered for, never both, whoever is first',
    { timeout: 120_000 },
    async () => {
      const seen = new Set<string>()
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), fc.nat({ max: 12 }), async (scheduler, turns) => {
          const ledger = createMemoryLedger()
          await approvedInto(ledger)
          const late = (async () => {
            const wanted = await order(ledger)
            for (let turn = 0; turn <= turns; turn++) {
              await scheduler.schedule(Promise.resolve(), 'the approval is on its way')
            }
            const changes = [{ kind: 'order-created' as const, order: wanted }]
            return ledger.commit([{ consumer: 'execution', causeId: null, changes, outgoing: [] }])
          })()
          const slow = scheduled(ledger, scheduler)
          const sweeping = startRig({ ledger: slow, now: forgottenAt }).then((rig) => rig.stop())
          const [[outcome]] = await scheduler.waitFor(Promise.all([late, sweeping]))
          const { state } = await reservationOf(ledger)
          seen.add(`${outcome?.kind} ${state}`)
          expect(['committed held', 'refused released']).toContain(`${outcome?.kind} ${state}`)
        }),
        { numRuns: 40, seed: 1 },
      )
      expect(seen.size).toBe(2)
    },
  )
})

describe('a reservation whose orders are in the ledger', () => {
  const cases: readonly { order: Partial<Order>; state: 'held' | 'released' }[] = [
    ...(['created', 'submitting', 'accepted', 'partially-filled', 'unknown'] as const).map(
      (each: OrderState) => ({ order: { state: each }, state: 'held' as const }),
    ),
    ...(['rejected', 'canceled', 'expired', 'not-placed'] as const).map((each: OrderState) => ({
      order: { state: each },
      state: 'released' as const,
    })),
    {
      order: { state: 'filled', filledQuantity: decimal('0.001'), quoteFilled: decimal('50') },
      state: 'held',
    },
  ]
  it.each(cases)('is $state after one that is $order.state', async (given) => {
    const ledger = createMemoryLedger()
    await approvedInto(ledger)
    expect(await commitOrder(ledger, given.order)).toMatchObject({ kind: 'committed' })
    await start({ ledger, now: forgottenAt })
    expect(await reservationOf(ledger)).toMatchObject({ state: given.state })
    expect(await ledger.loadOrdersOfIntent('main', intentId)).toHaveLength(1)
  })
})

/** An alert, once, with what it takes to look; a figure for as long as it lasts. */
describe('a reservation that is kept', () => {
  type Kept = { title: string; orders: Partial<Order>[]; named: object | null }
  const half = { filledQuantity: decimal('0.001'), quoteFilled: decimal('50') }
  const name = (attempt: number) => ({ clientOrderId: `fls-forgotten-e${attempt}`, attempt })
  const cases: Kept[] = [
    {
      title: 'for fills of an order that is filled',
      orders: [{ state: 'filled', ...half }],
      named: { cause: 'fills-not-told', orders: ['fls-forgotten-e1'], missing: '50' },
    },
    {
      title: 'for fills of orders that ended in between',
      orders: [
        { state: 'canceled', ...name(1), ...half },
        { state: 'expired', ...name(2), filledQuantity: Decimal.zero },
        { state: 'filled', ...name(3), ...half },
      ],
      named: {
        cause: 'fills-not-told',
        orders: ['fls-forgotten-e1', 'fls-forgotten-e3'],
        missing: '100',
      },
    },
    {
      title: 'for an order that the venue has ended and whose fills are missing',
      orders: [{ state: 'partially-filled', ...half }],
      named: { cause: 'order-not-ended', orders: ['fls-forgotten-e1'] },
    },
    {
      title: 'for an order in doubt',
      orders: [{ state: 'unknown' }],
      named: { cause: 'order-not-ended', orders: ['fls-forgotten-e1'] },
    },
    {
      title: 'for an order that was heard of a moment ago: nobody is called yet',
      orders: [{ state: 'filled', ...half, updatedAt: forgottenAt }],
      named: null,
    },
    {
      title: 'for a slice that waits for its turn: nobody is called',
      orders: [{ state: 'created', submittedAt: null }],
      named: null,
    },
  ]

  const alert = 'reservation kept: its order ended or should have, and fills were not told'
  const alerts = (rig: Rig) => rig.context.logs.records.filter(({ msg }) => msg === alert)

  it.each(cases)('$title', async ({ orders, named }) => {
    const ledger = createMemoryLedger()
    await approvedInto(ledger)
    for (const each of orders) {
      expect(await commitOrder(ledger, each)).toMatchObject({ kind: 'committed' })
    }
    const rig = await start({ ledger, now: forgottenAt })
    const { reservationId } = await reservationOf(ledger)
    const wanted = named === null ? [] : [{ reservationId, asset: 'USDT', ...named }]
    expect(alerts(rig)).toMatchObject(wanted)
    const shown = await rig.context.metrics.metrics()
    const cause = named === null ? null : (named as { cause: string }).cause
    const figure = /flotilla_reservations_waiting\{cause="([^"]+)".*\} 1/.exec(shown)?.[1] ?? null
    expect(figure).toBe(cause)
  })

  it('is named once, and no more when its fill comes after all', async () => {
    const ledger = createMemoryLedger()
    await approvedInto(ledger)
    await commitOrder(ledger, { state: 'filled', ...half })
    const rig = await start({ ledger, now: forgottenAt })
    await rig.context.clock.advance(600_000)
    expect(alerts(rig)).toHaveLength(1)
    const { reservationId } = await reservationOf(ledger)
    await rig.publish(orderMessage({ reservationId, price: '50000', quantity: '0.001' }))
    await until(async () => (await reservationOf(ledger)).state !== 'held')
    await rig.context.clock.advance(600_000)
    await until(() => rig.context.logs.messages('info').includes('reservation waits no more'))
    expect(await rig.context.metrics.metrics()).not.toMatch(/reservations_waiting\{/)
  })
})

/** Every look into the ledger and every commit waits for its turn. */
function scheduled(ledger: Ledger, scheduler: fc.Scheduler): Ledger {
  const turn = (label: string) => scheduler.schedule(Promise.resolve(), label)
  return {
    ...ledger,
    findDecision: async (account, intent) => {
      await turn('decision')
      return ledger.findDecision(account, intent)
    },
    loadOrdersOfIntent: async (account, intent) => {
      await turn('orders')
      const orders = await ledger.loadOrdersOfIntent(account, intent)
      await turn('orders were read')
      return orders
    },
    commit: async (units, fence) => {
      await turn('commit')
      return ledger.commit(units, fence)
    },
  }
}
