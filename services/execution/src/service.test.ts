import {
  createMessage,
  Flatten,
  TickerUpdated,
  TradingStateChanged,
  instant,
  type AgentName,
} from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { afterAll, describe, expect, it } from 'vitest'
import { freshOrder } from './core/conclude.ts'
import { account, approval, hold, venueName } from './testing.ts'
import { isFlat, isProtected, positionOf, surviveDeath, wrapped } from './testing/deaths.ts'
import { liveRigs } from './testing/live-rigs.ts'
import { approve, createWorld, type Rig, type World } from './testing/rig.ts'

/** Dead processes hang in their calls; their timers are stopped when all tests are done. */
const dead: Rig[] = []
afterAll(async () => {
  await Promise.all(dead.map((rig) => rig.agent.stop()))
})

const live = liveRigs()

/** As the risk manager does it: the end of the reservation, and an order that is never sent. */
async function withdraw(
  world: World,
  { payload, correlationId }: ReturnType<typeof approval>['message'],
  { reservationId, asset, amount, intentId }: ReturnType<typeof approval>['reservation'],
): Promise<void> {
  const { now } = world
  const reason = 'withdrawn'
  const details = { causeId: payload.decisionId, expiresAt: now }
  const [outcome] = await world.ledger.commit([
    {
      consumer: 'risk-manager',
      causeId: null,
      changes: [
        {
          kind: 'reservation-ended',
          reservationId,
          account,
          asset,
          amount,
          state: 'released',
          endedAt: now,
          endReason: reason,
        },
        {
          kind: 'order-created',
          order: {
            ...freshOrder(now),
            account,
            venue: venueName,
            symbol: payload.symbol,
            intentId,
            reservationId,
            clientOrderId: `withdrawn-${reservationId}`,
            leg: 'entry',
            attempt: 1,
            side: 'buy',
            type: 'market',
            quantity: amount,
            state: 'expired',
            version: 1,
            reason,
            correlationId,
            details: { ...details, target: null, stop: null, takeProfit: null },
          },
        },
      ],
      outgoing: [],
    },
  ])
  expect(outcome).toEqual({ kind: 'committed' })
}

const flatten = (symbol: string | null, source: AgentName = 'operator') =>
  createMessage(Flatten, {
    source,
    occurredAt: 1,
    discriminator: `flatten ${symbol} ${source}`,
    payload: { account: null, symbol, requestedBy: 'test', reason: 'enough' },
  })

const tradingState = (state: 'active' | 'halted', at: number) =>
  createMessage(TradingStateChanged, {
    source: 'risk-manager',
    occurredAt: at,
    discriminator: String(at),
    payload: { account, symbol: null, state, reason: 'test' },
  })

describe('the execution agent', () => {
  it('turns an approval into a protected position and says so in order', async () => {
    const world = await createWorld()
    const rig = await live(world)
    const message = await approve(world, rig, { name: 'one' })
    await rig.until(() => isProtected(world))
    await rig.until(() => rig.heard.length === 9)
    expect(rig.heard.map(({ correlationId }) => correlationId)).toEqual(
      rig.heard.map(() => message.correlationId),
    )
    expect(rig.heardOf('execution.position.changed.v1').at(-1)?.payload).toMatchObject({
      quantity: '0.00999',
      protection: {
        state: 'protected',
        stopPrice: '49000',
        takeProfitPrice: '52000',
        quantity: '0.00999',
      },
    })
    expect(rig.agent.readiness()).toMatchObject({ ready: true, detail: { differences: [] } })
  })

  it('does the work of a redelivered approval once', async () => {
    const world = await createWorld()
    const rig = await live(world)
    const message = await approve(world, rig, { name: 'one' })
    await rig.publish(message, message)
    await rig.until(() => isProtected(world))
    await rig.publish(message)
    await rig.broker.idle()
    expect(world.venue.callsOf('placeOrder')).toHaveLength(1)
  })

  it('does not order for an approval that risk has withdrawn meanwhile, and trades on', async () => {
    const world = await createWorld()
    const rig = await live(world)
    const { message, reservation } = approval({ now: world.now, name: 'withdrawn' })
    await hold(world.ledger, reservation)
    await withdraw(world, message, reservation)
    await rig.publish(message)
    await approve(world, rig, { name: 'next' })
    await rig.until(() => isProtected(world))
    expect(world.venue.callsOf('placeOrder')).toHaveLength(1)
    const { intentId } = message.payload
    expect(await world.ledger.loadOrdersOfIntent(account, intentId)).toMatchObject([
      { state: 'expired', submittedAt: null },
    ])
    expect(
      rig.heard.filter(({ correlationId }) => correlationId === message.correlationId),
    ).toEqual([])
    expect(await rig.broker.deadLetters.list()).toEqual([])
  })

  it('refuses an approval that no reservation covers, and keeps it for a human', async () => {
    const world = await createWorld()
    const rig = await live(world)
    await rig.publish(approval({ name: 'forged', now: world.now }).message)
    await rig.broker.idle()
    expect(world.venue.callsOf('placeOrder')).toEqual([])
    const [letter] = await rig.broker.deadLetters.list({ agent: 'execution' })
    expect(letter?.reason).toContain('without a reservation')
  })

  it('lets one symbol go on while the venue hangs on another', async () => {
    const world = await createWorld()
    const release = Promise.withResolvers<void>()
    const venue = wrapped(world.venue, async (method, argument, call) => {
      const { symbol } = (argument ?? {}) as { symbol?: string }
      if (method === 'placeOrder' && symbol === 'BTC/USDT') await release.promise
      return call()
    })
    const rig = await live(world, { venue })
    await approve(world, rig, { name: 'btc' })
    await approve(world, rig, {
      name: 'eth',
      symbol: 'ETH/USDT',
      quantity: '0.2',
      limitPrice: '2510',
      stop: '2400',
      takeProfit: '2700',
    })
    await rig.until(() => isProtected(world, 'ETH/USDT'))
    expect(await positionOf(world)).toBeNull()
    release.resolve()
    await rig.until(() => isProtected(world))
  })

  it('stops entries and goes on with exits while trading is halted, also after a restart', async () => {
    const world = await createWorld()
    const first = await live(world)
    await approve(world, first, { name: 'one' })
    await first.until(() => isProtected(world))
    await first.publish(tradingState('halted', 1))
    await first.broker.idle()
    await first.agent.stop()

    const second = await live(world)
    await approve(world, second, { name: 'two' })
    await second.until(() => second.heardOf('execution.order.expired.v1').length === 1)
    expect(second.heardOf('execution.order.expired.v1')[0]?.payload).toMatchObject({
      code: 'trading_stopped',
    })
    await approve(world, second, { name: 'out', purpose: 'exit', quantity: '0.00999' })
    await second.until(() => isFlat(world))

    await second.publish(tradingState('active', 2))
    await second.broker.idle()
    await approve(world, second, { name: 'three' })
    await second.until(() => isProtected(world))
  })

  it('closes the positions in scope when told to flatten', async () => {
    const world = await createWorld()
    const rig = await live(world)
    await approve(world, rig, { name: 'btc' })
    await approve(world, rig, {
      name: 'eth',
      symbol: 'ETH/USDT',
      quantity: '0.2',
      limitPrice: '2510',
      stop: '2400',
      takeProfit: '2700',
    })
    await rig.until(() => isProtected(world))
    await rig.until(() => isProtected(world, 'ETH/USDT'))
    // Of somebody who may not command it, nothing comes.
    await rig.publish(flatten(null, 'strategy'), flatten('BTC/USDT'))
    await rig.until(() => isFlat(world))
    expect(await isProtected(world, 'ETH/USDT')).toBe(true)
  })

  it('asks at once what became of the exits when a price reaches one', async () => {
    const world = await createWorld()
    const rig = await live(world)
    await approve(world, rig, { name: 'one' })
    await rig.until(() => isProtected(world))
    world.venue.setPrice('BTC/USDT', '48000')
    await rig.publish(
      createMessage(TickerUpdated, {
        source: 'data-collection',
        occurredAt: world.now,
        discriminator: 'fall',
        payload: {
          venue: venueName,
          symbol: 'BTC/USDT',
          last: '48000',
          bid: null,
          ask: null,
          quoteVolume24h: '1',
          observedAt: instant(world.now),
        },
      }),
    )
    const before = world.now
    while (!(await isFlat(world))) await new Promise((resolve) => setImmediate(resolve))
    expect(world.now).toBe(before)
  })

  it('waits for a venue that is away at the start, and says that it is not ready', async () => {
    const world = await createWorld()
    world.venue.failReads('unreachable', 1)
    const rig = await live(world)
    expect(rig.agent.readiness()).toMatchObject({
      ready: false,
      detail: { waitsFor: 'the rules of the venue' },
    })
    await rig.until(() => rig.agent.readiness().ready)
  })

  it('names what the venue has and we do not', async () => {
    const world = await createWorld()
    await world.venue.placeOrder({
      type: 'limit-maker',
      clientOrderId: 'web_1',
      symbol: 'BTC/USDT',
      side: 'buy',
      quantity: approvalQuantity,
      limitPrice: approvalQuantity.times(4_000_000),
    })
    const rig = await live(world)
    expect(rig.agent.readiness().detail['differences']).toEqual([
      { kind: 'foreign-order', symbol: 'BTC/USDT', clientOrderId: 'web_1' },
    ])
    expect(world.venue.callsOf('cancelOrder')).toEqual([])
  })

  it('is led by one instance at a time, and the second takes over', async () => {
    const world = await createWorld()
    const first = await live(world, { instance: 'a' })
    const second = await live(world, { instance: 'b' })
    expect(second.agent.readiness()).toMatchObject({
      ready: false,
      detail: { waitsFor: 'another instance leads' },
    })
    await approve(world, first, { name: 'one' })
    await first.until(() => isProtected(world))
    await first.agent.stop()
    await second.until(() => second.agent.readiness().ready)
    await approve(world, second, { name: 'out', purpose: 'exit', quantity: '0.00999' })
    await second.until(() => isFlat(world))
  })
})

const approvalQuantity = approval({ name: 'any' }).reservation.amount.dividedBy('50100', 8, 'down')

describe('a process that dies', () => {
  /** Far more events than the scenario has; the test stops when one life survives its whole work. */
  const momentsMax = 200

  const small = { marketQuantityMax: Decimal.from('0.005') }
  it.each([
    ['orders', {}, {}],
    ['a conversion', small, { convert: 'exits' as const }],
  ])('at any commit or call of an exit by %s loses and doubles nothing', async (...row) => {
    const [, rules, config] = row
    const bury = (rig: Rig) => dead.push(rig)
    let survived = false
    let converted = 0
    let moment = 0
    while (!survived && moment < momentsMax) {
      moment += 1
      const world = await createWorld(undefined, rules)
      survived = await surviveDeath({ world, moment, bury, config })
      converted = world.venue.convert.all().length
    }
    expect(survived).toBe(true)
    expect(moment).toBeGreaterThan(15)
    expect(converted).toBe('convert' in config ? 1 : 0)
  })
})
