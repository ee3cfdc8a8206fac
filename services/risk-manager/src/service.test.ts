import { createMessage, deriveId, Pause, Resume, type AnyMessage } from '@flotilla/contracts'
import { createMemoryBroker } from '@flotilla/bus'
import { createMemoryLedger, LedgerUnavailableError, type Ledger } from '@flotilla/ledger'
import { createFakeVenue, symbolRules } from '@flotilla/venue/testing'
import { describe, expect, it } from 'vitest'
import { decimal, intentMessage, orderMessage, testNow } from './testing.ts'
import { codesOf, createRig, startRig, threeIntents, ticker, until } from './testing/rig.ts'
import { startedRigs } from './testing/started-rigs.ts'

const start = startedRigs()

describe('the shell', () => {
  it('opens the account at the first start with what the venue reports', async () => {
    const rig = await start({ balances: { USDT: '84.54', DOGE: '7' } })
    const balances = await rig.ledger.loadBalances('main')
    expect(balances.map(({ asset, total }) => `${asset} ${total.toString()}`)).toEqual([
      'DOGE 7',
      'USDT 84.54',
    ])
    expect(await rig.ledger.loadAccount('main')).toMatchObject({
      venue: 'simulator',
      mode: 'paper',
    })
    expect(rig.agent.readiness()).toMatchObject({ ready: true })
  })

  it('does not take the venue for the account at a later start', async () => {
    const ledger = createMemoryLedger()
    await (await startRig({ ledger, balances: { USDT: '84.54' } })).stop()
    const rig = await start({ ledger, balances: { USDT: '1000000' } })
    const [balance] = await rig.ledger.loadBalances('main')
    expect(balance?.total).toEqual(decimal('84.54'))
  })

  it(
    'waits for a venue that is down, and is not ready meanwhile',
    { timeout: 60_000 },
    async () => {
      const venue = createFakeVenue({
        rules: [symbolRules({ symbol: 'BTC/USDT' })],
        balances: { USDT: '84.54' },
      })
      venue.failReads('unavailable', 1)
      const rig = await start({ venue })
      expect(rig.agent.readiness()).toMatchObject({
        ready: false,
        detail: { waitsFor: 'the balances of the venue' },
      })
      await until(() => rig.agent.readiness().ready)
      await rig.publish(intentMessage())
      await until(() => rig.heard.length === 1)
      expect(rig.heardOf('risk.intent.approved.v1')).toHaveLength(1)
    },
  )

  it('records the decision with all checks, and why it denied', async () => {
    const rig = await start()
    const message = intentMessage({ confidence: 1 })
    await rig.publish(message)
    await until(() => rig.heard.length === 1)
    const decision = await rig.ledger.findDecision('main', message.payload.intentId)
    expect(decision).toMatchObject({
      verdict: 'denied',
      reasons: [{ code: 'confidence_below_minimum', confidence: 1, confidenceMin: 50 }],
      sizing: { method: 'balance-share', amount: '67.63' },
      reservationId: null,
      correlationId: message.correlationId,
    })
    const names = decision?.checks.map((each) => (each as { check: string }).check)
    expect(names?.[0]).toBe('trading-state')
    expect(names).toContain('exposure')
  })

  it('decides an intent once, however often and under whatever message id it comes', async () => {
    const rig = await start()
    const message = intentMessage()
    await rig.publish(message, message)
    await until(() => rig.heard.length === 1)
    const again = { ...message, messageId: deriveId('another message') }
    await rig.publish(again, intentMessage({ symbol: 'ETH/USDT', intentId: deriveId('marker') }))
    await until(() => rig.heard.length === 2)
    expect(rig.heardOf('risk.intent.approved.v1')).toHaveLength(1)
    expect(await rig.ledger.loadOpenReservations('main')).toHaveLength(1)
    expect(await rig.broker.deadLetters.list()).toEqual([])
  })

  it('settles a fill and lets the next entry use what is left', async () => {
    const rig = await start()
    await rig.publish(intentMessage({ expectedPrice: '100' }))
    await until(() => rig.heard.length === 1)
    const [approved] = rig.heardOf('risk.intent.approved.v1')
    const { reservationId } = approved!.payload.reservation
    const fill = { reservationId, price: '100', quantity: '0.5', fee: '0.0005', feeAsset: 'BTC' }
    await rig.publish(orderMessage(fill))
    await until(async () => (await rig.ledger.loadOpenReservations('main')).length === 0)
    await rig.publish(intentMessage({ symbol: 'ETH/USDT', expectedPrice: '100' }))
    await until(() => rig.heard.length === 2)
    // 34.54 is left: four fifths of it, rounded down to the cent.
    expect(rig.heardOf('risk.intent.approved.v1')[1]?.payload.reservation.amount).toBe('27.63')
  })

  it('remembers a pause over a restart', async () => {
    const ledger = createMemoryLedger()
    const first = await startRig({ ledger })
    await first.publish(command(Pause))
    await until(() => first.heardOf('risk.trading-state.changed.v1').length === 1)
    await first.stop()
    const rig = await start({ ledger })
    await rig.publish(intentMessage())
    await until(() => rig.heard.length === 1)
    expect(codesOf(rig)).toEqual([['trading_paused']])
    await rig.publish(command(Resume))
    await until(() => rig.heardOf('risk.trading-state.changed.v1').length === 1)
    await rig.publish(intentMessage({ symbol: 'ETH/USDT' }))
    await until(() => rig.heardOf('risk.intent.approved.v1').length === 1)
  })

  it('remembers over a restart when the day began and how deep the account is', async () => {
    const ledger = createMemoryLedger()
    await (await startRig({ ledger, balances: { USDT: '1000' } })).stop()
    const [balance] = await ledger.loadBalances('main')
    expect(balance?.total).toEqual(decimal('1000'))
    const first = await startRig({ ledger })
    await first.context.clock.advance(300_000)
    const lost = { asset: 'USDT', totalDelta: decimal('-200') } as const
    await ledger.commit([
      {
        consumer: 'risk-manager',
        causeId: null,
        changes: [{ kind: 'balance-adjusted', account: 'main', ...lost }],
        outgoing: [],
      },
    ])
    await first.stop()
    const rig = await start({ ledger })
    await rig.publish(intentMessage())
    await until(() => rig.heard.length === 1)
    expect(codesOf(rig)).toEqual([['drawdown_halt', 'daily_loss_reached']])
  })

  it('sells with every third valuation what exceeds the cap, while it takes decisions', async () => {
    const config = { balanceShare: '0.2', exposureShareMax: '0.25' }
    const rig = await start({ config, balances: { USDT: '1000' } })
    await rig.publish(intentMessage({ expectedPrice: '100' }))
    await until(() => rig.heard.length === 1)
    const [approved] = rig.heardOf('risk.intent.approved.v1')
    const { reservationId } = approved!.payload.reservation
    await rig.publish(orderMessage({ reservationId, price: '100', quantity: '1.99' }))
    await until(async () => (await rig.ledger.loadOpenReservations('main')).length === 0)
    await rig.context.clock.advance(600_000)
    await rig.publish(ticker('BTC/USDT', '200', testNow + 600_001))
    const metrics = () => rig.context.metrics.metrics()
    await until(async () => /^flotilla_exposure\S* 398$/m.test(await metrics()))
    expect(rig.heard).toHaveLength(1)
    await rig.context.clock.advance(300_000)
    await until(() => rig.heard.length === 2)
    // 398 of 1199 are at risk, 299.75 may be: 98.25 at 200 each.
    expect(rig.heardOf('risk.intent.approved.v1')[1]?.payload).toMatchObject({
      strategy: 'risk-manager',
      side: 'sell',
      quantity: '0.49125',
      reservation: { asset: 'BTC', amount: '0.49125' },
    })
  })

  it('decides by confidence what arrives within the window, whoever asked first', async () => {
    const config = { balanceShare: '0.8', exposureShareMax: '1', batchWindowMs: 1_000 }
    const rig = await start({ config })
    const asked = threeIntents().map((message, index) => {
      const payload = { ...message.payload, confidence: 70 + 10 * index }
      return { ...message, payload }
    })
    await rig.publish(...asked)
    await until(() => rig.heard.length === 3)
    const [approved] = rig.heardOf('risk.intent.approved.v1')
    expect(approved?.payload.symbol).toBe('SOL/USDT')
  })

  it('keeps to the budget of each strategy, and says what each has', async () => {
    const config = {
      balanceShare: '1',
      exposureShareMax: '1',
      budgets: { 'ema-crossover': '0.25', canary: '0.05' },
    }
    const rig = await start({ config, balances: { USDT: '1000' } })
    const by = (strategy: string, symbol: string) =>
      intentMessage({
        strategy,
        symbol,
        expectedPrice: '100',
        intentId: deriveId(strategy, symbol),
      })
    await rig.publish(by('ema-crossover', 'BTC/USDT'))
    await rig.publish(by('canary', 'ETH/USDT'))
    await rig.publish(by('another', 'SOL/USDT'))
    await until(() => rig.heard.length === 3)
    const reserved = rig
      .heardOf('risk.intent.approved.v1')
      .map(({ payload }) => `${payload.strategy} ${payload.reservation.amount}`)
    expect(reserved.toSorted((one, other) => one.localeCompare(other))).toEqual([
      'another 700',
      'canary 50',
      'ema-crossover 250',
    ])
    await rig.publish(by('canary', 'BTC/USDT'))
    await until(() => rig.heard.length === 4)
    expect(codesOf(rig)[0]).toContain('budget_exceeded')
  })

  it('stands by while another instance leads, and takes over when that one stops', async () => {
    const ledger = createMemoryLedger()
    const broker = createMemoryBroker()
    const leader = await startRig({ ledger, broker })
    const standby = createRig({ ledger, broker, instance: '2' })
    await standby.agent.start()
    expect(standby.agent.readiness()).toMatchObject({
      ready: false,
      detail: { waitsFor: 'another instance leads' },
    })
    await leader.publish(intentMessage())
    await until(() => leader.heard.length === 1)
    await leader.agent.stop()
    await until(() => standby.agent.readiness().ready)
    expect(standby.agent.readiness().detail).toMatchObject({ openReservations: 1 })
    await standby.publish(intentMessage({ symbol: 'ETH/USDT', expectedPrice: '100' }))
    await until(() => leader.heard.length === 2)
    expect(codesOf(leader)).toEqual([['insufficient_available_balance']])
    await standby.stop()
  })

  it('an overtaken leader decides nothing more, and begins anew', async () => {
    const ledger = createMemoryLedger()
    const rig = await start({ ledger })
    // The same instance's name takes its lease at once, as after a restart.
    const request = { role: 'risk-manager:main', instance: '1', holder: 'successor', leaseMs: 1 }
    await ledger.acquireLease(request)
    await rig.publish(intentMessage())
    await until(() => rig.heard.length === 1)
    expect(rig.heardOf('risk.intent.approved.v1')).toHaveLength(1)
    expect(rig.context.logs.messages('info').filter((each) => each === opened)).toHaveLength(2)
    expect(await rig.ledger.loadOpenReservations('main')).toHaveLength(1)
  })

  it('waits with its decision while the ledger is away', { timeout: 60_000 }, async () => {
    const memory = createMemoryLedger()
    let away = 0
    const ledger: Ledger = {
      ...memory,
      commit: async (units, fence) => {
        if (away > 0) {
          away -= 1
          throw new LedgerUnavailableError('a test')
        }
        return memory.commit(units, fence)
      },
    }
    const rig = await start({ ledger })
    away = 1
    await rig.publish(intentMessage())
    await until(() => rig.heard.length === 1)
    expect(rig.heardOf('risk.intent.approved.v1')).toHaveLength(1)
    expect(rig.context.logs.messages('error')).toEqual(['ledger away, decision waits'])
    expect(await rig.broker.deadLetters.list()).toEqual([])
  })

  it('leaves nothing running when it is stopped', async () => {
    const rig = await startRig()
    await rig.stop()
    expect(rig.context.clock.waiting()).toBe(0)
    expect(rig.agent.readiness()).toMatchObject({ ready: false })
  })
})

const opened = 'account open for decisions'

function command(definition: typeof Pause | typeof Resume): AnyMessage {
  return createMessage(definition, {
    source: 'operator',
    occurredAt: testNow,
    discriminator: 'a test',
    payload: { requestedBy: 'test', reason: 'a test', account: null, symbol: null },
  }) as AnyMessage
}
