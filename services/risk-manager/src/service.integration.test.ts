import { createMessage, deriveId, Flatten, Pause, Resume } from '@flotilla/contracts'
import { openPostgresLedger } from '@flotilla/ledger'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createTestDatabase,
  hasPostgres,
  type TestDatabase,
} from '../../../test/support/postgres.ts'
import { intentMessage, orderMessage, testNow } from './testing.ts'
import { startRig, until, type Rig, type RigOptions } from './testing/rig.ts'

describe.skipIf(!hasPostgres)('on a real PostgreSQL', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())

  async function withRig(work: (rig: Rig) => Promise<void>, options: RigOptions = {}) {
    const ledger = await openPostgresLedger({ url: database.url })
    const rig = await startRig({ ledger, ...options })
    try {
      await work(rig)
    } finally {
      await rig.stop()
      await ledger.close()
    }
  }

  const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT']
  const threeIntents = (name: string) =>
    symbols.map((symbol) =>
      intentMessage({ symbol, expectedPrice: '100', intentId: deriveId(name, symbol) }),
    )

  it('84.54 and 80 %: one of three is approved with 67.63, and 16.91 is left', async () => {
    await database.empty()
    await withRig(async (rig) => {
      await rig.publish(...threeIntents('a'))
      await until(() => rig.heard.length === 3)
      const [approved] = rig.heardOf('risk.intent.approved.v1')
      expect(approved?.payload.reservation).toMatchObject({ asset: 'USDT', amount: '67.63' })
      expect(
        rig
          .heardOf('risk.intent.denied.v1')
          .map(({ payload }) => payload.reasons.map((r) => r.code)),
      ).toEqual([['insufficient_available_balance'], ['insufficient_available_balance']])
      const [balance] = await rig.ledger.loadBalances('main')
      expect(balance?.total.minus(balance.reserved).toString()).toBe('16.91')
    })
  })

  it('after a restart the reservation is there, is settled, and released once', async () => {
    await database.empty()
    let reservationId = ''
    await withRig(async (rig) => {
      await rig.publish(intentMessage({ expectedPrice: '100', symbol: 'BTC/USDT' }))
      await until(() => rig.heard.length === 1)
      reservationId = rig.heardOf('risk.intent.approved.v1')[0]!.payload.reservation.reservationId
    })
    await withRig(async (rig) => {
      expect(rig.agent.readiness().detail).toMatchObject({ openReservations: 1 })
      const fill = { reservationId, price: '100', quantity: '0.5', fee: '0.0005', feeAsset: 'BTC' }
      const filled = orderMessage(fill)
      await rig.publish(filled, filled)
      await until(async () => (await rig.ledger.loadOpenReservations('main')).length === 0)
      const balances = await rig.ledger.loadBalances('main')
      expect(
        balances.map((b) => `${b.asset} ${b.total.toString()}/${b.reserved.toString()}`),
      ).toEqual(['BTC 0.4995/0', 'USDT 34.54/0'])
      expect(await rig.ledger.findReservation(reservationId)).toMatchObject({
        state: 'released',
        endReason: 'order filled',
      })
    })
  })

  it('an approval that came to nobody is withdrawn, and can no longer be ordered for', async () => {
    await database.empty()
    const intentId = deriveId('forgotten')
    await withRig(async (rig) => {
      await rig.publish(intentMessage({ intentId }))
      await until(() => rig.heard.length === 1)
    })
    const withdrawn = async ({ ledger }: Rig) => {
      const found = await ledger.findReservationOfIntent('main', intentId)
      expect(found).toMatchObject({ state: 'released' })
      const [balance] = await ledger.loadBalances('main')
      expect(balance?.reserved.toString()).toBe('0')
      const [stored, ...others] = await ledger.loadOrdersOfIntent('main', intentId)
      expect([stored, others]).toMatchObject([{ state: 'expired', submittedAt: null }, []])
      const late = { ...stored!, clientOrderId: 'fls-late-e1', state: 'submitting' as const }
      const changes = [{ kind: 'order-created' as const, order: late }]
      const unit = { consumer: 'execution' as const, causeId: null, changes, outgoing: [] }
      expect(await ledger.commit([unit])).toMatchObject([
        { kind: 'refused', constraint: 'order_attempt_unique' },
      ])
    }
    await withRig(withdrawn, { now: testNow + 660_000 })
  })

  const options = { source: 'operator', occurredAt: testNow, discriminator: 'one' } as const
  const payload = { requestedBy: 'ada', reason: 'news', account: null, symbol: null }
  const denied = (rig: Rig) =>
    rig.heardOf('risk.intent.denied.v1').map((each) => each.payload.reasons.map((r) => r.code))

  it('a pause holds from the moment it is told, and over a restart; it is written down', async () => {
    await database.empty()
    await withRig(async (rig) => {
      await rig.publish(createMessage(Pause, { ...options, payload }))
      await until(() => rig.heardOf('risk.trading-state.changed.v1').length === 1)
      await rig.publish(intentMessage({ intentId: deriveId('before') }))
      await until(() => rig.heardOf('risk.intent.denied.v1').length === 1)
      expect(denied(rig)).toEqual([['trading_paused']])
    })
    await withRig(async (rig) => {
      await rig.publish(intentMessage({ intentId: deriveId('after') }))
      await until(() => rig.heardOf('risk.intent.denied.v1').length === 1)
      expect(denied(rig)).toEqual([['trading_paused']])
      const [command, ...others] = await rig.ledger.recallAll('operator', 'command/main/')
      expect([command?.value, others]).toMatchObject([{ command: 'pause', requestedBy: 'ada' }, []])
    })
  })

  it('a flatten ends entries from the moment it is told, over a restart, until resumed', async () => {
    await database.empty()
    await withRig(async (rig) => {
      await rig.publish(intentMessage({ intentId: deriveId('before') }))
      await until(() => rig.heardOf('risk.intent.approved.v1').length === 1)
      await rig.publish(createMessage(Flatten, { ...options, payload }))
      await until(() => rig.heardOf('risk.trading-state.changed.v1').length === 1)
      const [told] = rig.heardOf('risk.trading-state.changed.v1')
      expect(told?.payload).toMatchObject({ state: 'flattened', reason: 'news' })
      await rig.publish(intentMessage({ intentId: deriveId('behind'), symbol: 'ETH/USDT' }))
      await until(() => denied(rig).length === 1)
      expect(denied(rig)[0]).toContain('trading_flattened')
    })
    const later = { now: testNow + 1 }
    await withRig(async (rig) => {
      expect(rig.agent.readiness().detail).toMatchObject({
        valued: { coverage: { assets: 1, priced: 1 }, unpriced: [] },
        stopped: [{ scope: '*', state: 'flattened', requestedBy: 'ada', reason: 'news' }],
      })
      const next = (name: string) =>
        intentMessage({ intentId: deriveId(name), symbol: 'ETH/USDT', expectedPrice: '100' })
      await rig.publish(next('after'))
      await until(() => denied(rig).length === 1)
      expect(denied(rig)[0]).toContain('trading_flattened')
      await rig.publish(createMessage(Resume, { ...options, payload }))
      await until(() => rig.heardOf('risk.trading-state.changed.v1').length === 1)
      await rig.publish(next('resumed'))
      await until(() => rig.heard.filter(({ type }) => type.startsWith('risk.intent')).length === 2)
      const codes = denied(rig).flat()
      expect(codes.filter((code) => code === 'trading_flattened')).toHaveLength(1)
    }, later)
  })
})
