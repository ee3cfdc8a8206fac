// What no ledger lets through, whoever asks and in whatever batch.
import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import type { Constraint, Ledger, LedgerChange, Unit } from './port.ts'
import {
  account,
  adjust,
  decision,
  fill,
  funded,
  hold,
  message,
  order,
  outcomesOf,
  position,
  release,
  reservation,
  settle,
  shrink,
  START,
  unit,
} from './testing/index.ts'

export function describeRefusals(open: () => Ledger): void {
  describe('refusals', () => {
    const kinds = (units: readonly Unit[]): Promise<string[]> => outcomesOf(open(), units)
    const created = (over: object): LedgerChange => ({
      kind: 'order-created',
      order: order({ clientOrderId: 'o-1', ...over }),
    })
    const changed = (over: object): LedgerChange => ({
      kind: 'order-changed',
      order: order({ clientOrderId: 'o-1', version: 2, ...over }),
    })
    const filled = (over: object): LedgerChange => ({
      kind: 'fill-recorded',
      fill: fill({ tradeId: 't-1', clientOrderId: 'o-1', ...over }),
    })
    const moved = (over: object): LedgerChange => ({
      kind: 'position-changed',
      position: position(over),
    })
    const decided = (over: object): LedgerChange => ({
      kind: 'decision-recorded',
      decision: decision({ decisionId: 'd-1', ...over }),
    })
    const held = (over: object): LedgerChange => ({
      kind: 'reservation-held',
      reservation: reservation({ reservationId: 'r-1', ...over }),
    })
    const nobody = { account: 'nobody' }
    const two = Decimal.from('2')
    /** What is there before, and the change that is refused. */
    const table: [Constraint, string, LedgerChange[], LedgerChange][] = [
      [
        'account_unique',
        'the same account again',
        [],
        { kind: 'account-opened', account: account() },
      ],
      ['account_exists', 'money of nobody', [], adjust('USDT', '1', 'nobody')],
      ['account_exists', 'a reservation of nobody', [], held(nobody)],
      ['balance_not_overcommitted', 'more than there is', [], hold('r-1', '100.01')],
      ['balance_not_overcommitted', 'a total below zero', [], adjust('USDT', '-100.01')],
      [
        'balance_not_overcommitted',
        'a total below the reserved part',
        [hold('r-1', '60')],
        adjust('USDT', '-41'),
      ],
      ['balance_not_overcommitted', 'an asset that is not there', [], held({ asset: 'BTC' })],
      ['reservation_unique', 'the same reservation again', [held({})], held({ intentId: 'other' })],
      [
        'reservation_one_per_intent',
        'a second one for the intent',
        [held({})],
        held({ reservationId: 'r-2', intentId: 'intent of r-1' }),
      ],
      ['reservation_amounts', 'a reservation of nothing', [], hold('r-1', '0')],
      [
        'reservation_amounts',
        'a settlement of less than nothing',
        [held({})],
        settle({ reservationId: 'r-1', amount: '-1' }),
      ],
      [
        'reservation_held',
        'a reservation that begins with its end',
        [],
        held({ state: 'released', endedAt: START }),
      ],
      [
        'reservation_held',
        'a settlement of nothing known',
        [],
        settle({ reservationId: 'r-1', amount: '1' }),
      ],
      [
        'reservation_held',
        'a settlement in another asset',
        [held({})],
        settle({ reservationId: 'r-1', amount: '1', asset: 'BTC' }),
      ],
      [
        'reservation_remaining',
        'a settlement of more than is left',
        [held({})],
        settle({ reservationId: 'r-1', amount: '10.01' }),
      ],
      [
        'reservation_remaining',
        'shrinking by more than is left',
        [held({})],
        shrink({ reservationId: 'r-1', amount: '10.01' }),
      ],
      [
        'reservation_remaining',
        'an end that releases less than is left',
        [held({})],
        release({ reservationId: 'r-1', amount: '9' }),
      ],
      [
        'decision_one_per_intent',
        'a second decision',
        [decided({})],
        decided({ decisionId: 'd-2', intentId: 'intent of d-1' }),
      ],
      ['order_unique', 'the same client order id again', [created({})], created({ attempt: 2 })],
      [
        'order_attempt_unique',
        'the same attempt by another name',
        [created({})],
        created({ clientOrderId: 'o-2', intentId: 'intent of o-1' }),
      ],
      [
        'order_reservation_required',
        'an entry without a reservation',
        [],
        created({ leg: 'entry' }),
      ],
      ['order_reservation_required', 'an exit without a reservation', [], created({ leg: 'exit' })],
      [
        'order_reservation_exists',
        'an entry on an unknown reservation',
        [],
        created({ leg: 'entry', reservationId: 'r-9' }),
      ],
      ['order_amounts', 'an order of nothing', [], created({ quantity: Decimal.zero })],
      ['order_amounts', 'a price of zero', [], created({ price: Decimal.zero })],
      ['order_version', 'an order that begins with version 2', [], created({ version: 2 })],
      ['order_version', 'a change of an unknown order', [], changed({})],
      ['order_version', 'a change that skips a version', [created({})], changed({ version: 3 })],
      ['order_version', 'a change that comes too late', [created({}), changed({})], changed({})],
      ['order_version', 'a change of the side', [created({})], changed({ side: 'buy' })],
      ['fill_unique', 'the same trade again', [created({}), filled({})], filled({ quantity: two })],
      ['fill_order_exists', 'a fill of an unknown order', [], filled({})],
      ['fill_amounts', 'a fill of nothing', [created({})], filled({ quantity: Decimal.zero })],
      ['position_version', 'a position that begins with version 2', [], moved({ version: 2 })],
      ['position_version', 'a position that begins twice', [moved({})], moved({})],
      ['position_version', 'a version that is skipped', [moved({})], moved({ version: 3 })],
      ['position_version', 'a version below 1', [], moved({ version: 0 })],
    ]

    it.each(table)('%s: %s', async (constraint, _title, before, change) => {
      const ready = await kinds([funded('100'), ...before.map((each) => unit([each]))])
      expect(new Set(ready)).toEqual(new Set(['committed']))
      const remembered: LedgerChange = {
        kind: 'memory-stored',
        agent: 'risk-manager',
        key: 'k',
        value: 1,
      }
      const said = { outgoing: [message('m')], causeId: 'cause' }
      expect(await kinds([unit([remembered, change], said)])).toEqual([constraint])
      expect(await open().recall('risk-manager', 'k')).toBeNull()
      expect(await open().unpublished('risk-manager', 10)).toEqual([])
      expect(await open().wasProcessed('risk-manager', 'cause')).toBe(false)
    })

    it.each(table)('%s in one batch: %s', async (constraint, _title, before, change) => {
      const batch = [
        ...before.map((each) => unit([each])),
        unit([change]),
        unit([adjust('ETH', '1')]),
      ]
      const outcomes = await kinds([funded('100'), ...batch])
      expect(outcomes).toEqual([
        'committed',
        ...before.map(() => 'committed'),
        constraint,
        'committed',
      ])
      expect(await open().loadBalances('paper')).toContainEqual(
        expect.objectContaining({ asset: 'ETH', total: Decimal.from('1') }),
      )
    })

    it('name what stands against it', async () => {
      const [, outcome] = await open().commit([funded('84.54'), unit([hold('r-1', '90')])])
      expect(outcome).toMatchObject({ kind: 'refused', constraint: 'balance_not_overcommitted' })
      expect(outcome?.kind === 'refused' && outcome.detail).toContain('84.54')
    })

    it('hit what comes before its reason, in whatever batch', async () => {
      const early = unit([created({ leg: 'entry', reservationId: 'r-1', side: 'buy' })])
      expect(await kinds([funded('100'), early, unit([held({})])])).toEqual([
        'committed',
        'order_reservation_exists',
        'committed',
      ])
    })

    it('take with them what rests on the refused, and nothing else', async () => {
      const chain = {}
      const chained = (change: LedgerChange, over: object = {}) =>
        unit([change], { chain, ...over })
      const batch = [
        funded('100'),
        chained(hold('r-1', '60')),
        chained(hold('r-2', '60')),
        chained(hold('r-3', '10')),
        unit([hold('r-4', '30')]),
        unit([adjust('ETH', '1')], { chain: {} }),
      ]
      expect(await kinds(batch)).toEqual([
        'committed',
        'committed',
        'balance_not_overcommitted',
        'abandoned',
        'committed',
        'committed',
      ])
      expect(await open().findReservation('r-3')).toBeNull()
    })

    it('of a duplicate take with them what rests on it, and not what came before', async () => {
      const chain = {}
      const asset = (name: string, over: object = {}) =>
        unit([adjust(name, '1')], { chain, ...over })
      await kinds([funded('100'), unit([], { causeId: 'cause' })])
      const batch = [
        asset('A'),
        asset('B', { causeId: 'cause' }),
        asset('C'),
        unit([adjust('D', '1')]),
      ]
      expect(await kinds(batch)).toEqual(['committed', 'duplicate', 'abandoned', 'committed'])
      const assets = (await open().loadBalances('paper')).map((each) => each.asset)
      expect(assets).toEqual(['A', 'D', 'USDT'])
    })
  })
}
