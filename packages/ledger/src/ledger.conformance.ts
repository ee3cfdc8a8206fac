// What every ledger does. Run against memory and against PostgreSQL.
import { Decimal } from '@flotilla/money'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeLeases } from './ledger-leases.conformance.ts'
import { describeRefusals } from './ledger-refusals.conformance.ts'
import { describeTrades } from './ledger-trades.conformance.ts'
import type { DecisionQuery, Ledger, LedgerChange, Unit } from './port.ts'
import {
  account,
  adjust,
  decision,
  fill,
  funded,
  denial,
  hold,
  intent,
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

export type OpenedLedger = { readonly ledger: Ledger; close(): Promise<void> }

export function describeLedger(name: string, open: () => Promise<OpenedLedger>): void {
  describe(name, () => {
    let opened: OpenedLedger
    let ledger: Ledger
    beforeEach(async () => {
      opened = await open()
      ledger = opened.ledger
    })
    afterEach(() => opened.close())

    const kinds = (units: readonly Unit[]): Promise<string[]> => outcomesOf(ledger, units)
    const money = async (asset = 'USDT'): Promise<string> => {
      const found = (await ledger.loadBalances('paper')).find((each) => each.asset === asset)
      return found === undefined ? 'none' : `${found.reserved.toString()}/${found.total.toString()}`
    }

    describe('records', () => {
      it('come back as they went in', async () => {
        const entry = order({
          clientOrderId: 'o-1',
          leg: 'entry',
          side: 'buy',
          type: 'limit',
          reservationId: 'r-1',
          price: Decimal.from('60000.10'),
          stopPrice: null,
          timeInForce: 'ioc',
          submittedAt: START + 5,
          details: { stop: '57000', nested: [1, true, null] },
        })
        const held = reservation({ reservationId: 'r-1', amount: Decimal.from('67.63') })
        const decided = decision({ decisionId: 'd-1', reservationId: 'r-1' })
        const filled = fill({ tradeId: 't-1', clientOrderId: 'o-1' })
        const outcomes = await ledger.commit([
          funded('84.54'),
          unit([
            { kind: 'reservation-held', reservation: held },
            { kind: 'decision-recorded', decision: decided },
            { kind: 'order-created', order: entry },
            { kind: 'fill-recorded', fill: filled },
            { kind: 'position-changed', position: position() },
            { kind: 'memory-stored', agent: 'strategy', key: 'cursor', value: { at: [1, 'x'] } },
          ]),
        ])
        expect(outcomes).toEqual([{ kind: 'committed' }, { kind: 'committed' }])
        expect(await ledger.loadAccounts()).toEqual([account()])
        expect(await ledger.loadAccount('paper')).toEqual(account())
        expect(await ledger.loadOpenReservations('paper')).toEqual([held])
        expect(await ledger.findReservation('r-1')).toEqual(held)
        expect(await ledger.findReservationOfIntent('paper', held.intentId)).toEqual(held)
        expect(await ledger.findDecision('paper', decided.intentId)).toEqual(decided)
        expect(await ledger.findOrder('o-1')).toEqual(entry)
        expect(await ledger.loadOpenOrders('paper')).toEqual([entry])
        expect(await ledger.loadOrdersOfIntent('paper', entry.intentId)).toEqual([entry])
        expect(await ledger.loadFills({ account: 'paper' })).toEqual([filled])
        expect(await ledger.loadPositions('paper')).toEqual([position()])
        expect(await ledger.findPosition('paper', 'simulator', 'BTC/USDT')).toEqual(position())
        expect(await ledger.recall('strategy', 'cursor')).toEqual({ at: [1, 'x'] })
        expect(await money()).toBe('67.63/84.54')
      })

      it('that are not there are null', async () => {
        expect(await ledger.loadAccount('paper')).toBeNull()
        expect(await ledger.findReservation('r')).toBeNull()
        expect(await ledger.findReservationOfIntent('paper', 'i')).toBeNull()
        expect(await ledger.findDecision('paper', 'i')).toBeNull()
        expect(await ledger.findOrder('o')).toBeNull()
        expect(await ledger.findPosition('paper', 'simulator', 'BTC/USDT')).toBeNull()
        expect(await ledger.recall('strategy', 'cursor')).toBeNull()
      })

      it('keep every digit of a number', async () => {
        const tiny = '0.000000000000000001'
        const huge = '123456789012345678901234567890.12345678'
        expect(await kinds([funded(huge), unit([adjust('ETH', tiny)])])).toEqual([
          'committed',
          'committed',
        ])
        expect(await money('USDT')).toBe(`0/${huge}`)
        expect(await money('ETH')).toBe(`0/${tiny}`)
      })
    })

    describe('lists', () => {
      it('of decisions are newest first, cut at the limit, of a time, symbol, verdict or reason', async () => {
        const decisions = [1, 2, 3].map((number) => {
          const made = decision({
            decisionId: `d-${number}`,
            decidedAt: START + number,
            symbol: number === 2 ? 'ETH/USDT' : 'BTC/USDT',
            verdict: number === 1 ? 'approved' : 'denied',
            reasons: [{ code: 'no_price' }, { code: 'stale_price' }].slice(0, number - 1),
          })
          return unit([{ kind: 'decision-recorded', decision: made }])
        })
        await ledger.commit([funded('1'), ...decisions])
        const ids = async (query: Partial<DecisionQuery>): Promise<string> => {
          const found = await ledger.loadDecisions({ account: 'paper', limit: 9, ...query })
          return found.map((each) => each.decisionId).join(' ')
        }
        const cases: [Partial<DecisionQuery>, string][] = [
          [{ limit: 2 }, 'd-3 d-2'],
          [{ before: START + 3 }, 'd-2 d-1'],
          [{ since: START + 2 }, 'd-3 d-2'],
          [{ symbol: 'ETH/USDT' }, 'd-2'],
          [{ verdict: 'approved' }, 'd-1'],
          [{ code: 'no_price' }, 'd-3 d-2'],
        ]
        for (const [query, expected] of cases) expect(await ids(query)).toBe(expected)
      })

      it('of open orders leave the ended ones out, lists of orders do not', async () => {
        const created = (clientOrderId: string, over: object): LedgerChange => ({
          kind: 'order-created',
          order: order({ clientOrderId, ...over }),
        })
        await ledger.commit([
          funded('1'),
          unit([
            created('o-1', { createdAt: START + 1 }),
            created('o-2', { createdAt: START + 2, state: 'filled' }),
            created('o-3', { createdAt: START + 3, state: 'unknown', symbol: 'ETH/USDT' }),
          ]),
        ])
        const ids = (orders: readonly { clientOrderId: string }[]): string[] =>
          orders.map((each) => each.clientOrderId)
        expect(ids(await ledger.loadOpenOrders('paper'))).toEqual(['o-1', 'o-3'])
        expect(ids(await ledger.loadOrders({ account: 'paper', limit: 2 }))).toEqual(['o-3', 'o-2'])
        const query = { account: 'paper', limit: 9, symbol: 'BTC/USDT' }
        expect(ids(await ledger.loadOrders(query))).toEqual(['o-2', 'o-1'])
        expect(ids(await ledger.loadOrders({ ...query, state: 'filled' }))).toEqual(['o-2'])
      })

      it('of fills are found by order, symbol and time', async () => {
        const filled = (tradeId: string, over: object): LedgerChange => ({
          kind: 'fill-recorded',
          fill: fill({ tradeId, clientOrderId: 'o-1', ...over }),
        })
        await ledger.commit([
          funded('1'),
          unit([
            { kind: 'order-created', order: order({ clientOrderId: 'o-1' }) },
            { kind: 'order-created', order: order({ clientOrderId: 'o-2' }) },
            filled('t-2', { filledAt: START + 2 }),
            filled('t-1', { filledAt: START + 1, clientOrderId: 'o-2' }),
            filled('t-3', { filledAt: START + 3, symbol: 'ETH/USDT' }),
          ]),
        ])
        const ids = async (query: object): Promise<string[]> =>
          (await ledger.loadFills({ account: 'paper', ...query })).map((each) => each.tradeId)
        expect(await ids({})).toEqual(['t-1', 't-2', 't-3'])
        expect(await ids({ clientOrderId: 'o-2' })).toEqual(['t-1'])
        expect(await ids({ clientOrderIds: ['o-2', 'o-1'] })).toEqual(['t-1', 't-2', 't-3'])
        expect(await ids({ clientOrderIds: ['o-2', 'o-9'] })).toEqual(['t-1'])
        expect(await ids({ clientOrderIds: [] })).toEqual([])
        expect(await ids({ symbol: 'ETH/USDT' })).toEqual(['t-3'])
        expect(await ids({ since: START + 2, limit: 1 })).toEqual(['t-2'])
      })

      it('of memory are found by the beginning of the key', async () => {
        const stored = (key: string, value: string | null): LedgerChange => ({
          kind: 'memory-stored',
          agent: 'strategy',
          key,
          value,
        })
        await ledger.commit([unit([stored('a:2', 'two'), stored('a:1', 'one'), stored('b', 'b')])])
        await ledger.commit([unit([stored('a:2', null), stored('a:1', 'one more')])])
        expect(await ledger.recallAll('strategy', 'a:')).toEqual([
          { agent: 'strategy', key: 'a:1', value: 'one more' },
        ])
        expect((await ledger.recallAll('strategy')).map((each) => each.key)).toEqual(['a:1', 'b'])
        expect(await ledger.recallAll('strategy', '', 'a:')).toEqual([
          { agent: 'strategy', key: 'b', value: 'b' },
        ])
        expect(await ledger.recallAll('strategy', 'a', 'a:1')).toEqual([])
        expect(await ledger.recallAll('execution')).toEqual([])
      })
    })

    describe('a reservation', () => {
      it('is held, settled part by part and released, once each', async () => {
        await ledger.commit([funded('100'), unit([hold('r-1', '60')])])
        expect(await money()).toBe('60/100')
        const fillOf = (amount: string): LedgerChange[] => [
          settle({ reservationId: 'r-1', amount }),
          adjust('USDT', `-${amount}`),
        ]
        expect(await kinds([unit(fillOf('20')), unit(fillOf('15'))])).toEqual([
          'committed',
          'committed',
        ])
        expect(await money()).toBe('25/65')
        expect(await kinds([unit([release({ reservationId: 'r-1', amount: '24' })])])).toEqual([
          'reservation_remaining',
        ])
        expect(await kinds([unit([release({ reservationId: 'r-1', amount: '25' })])])).toEqual([
          'committed',
        ])
        expect(await money()).toBe('0/65')
        expect(await ledger.loadOpenReservations('paper')).toEqual([])
        expect(await ledger.findReservation('r-1')).toMatchObject({
          state: 'released',
          consumed: Decimal.from('35'),
          endedAt: START + 1_000,
          endReason: 'order ended',
        })
        expect(await kinds([unit([release({ reservationId: 'r-1', amount: '0' })])])).toEqual([
          'reservation_held',
        ])
        expect(await kinds([unit([settle({ reservationId: 'r-1', amount: '1' })])])).toEqual([
          'reservation_held',
        ])
      })

      it('can live its whole life in one batch', async () => {
        const outcomes = await kinds([
          funded('100'),
          unit([hold('r-1', '60')]),
          unit([settle({ reservationId: 'r-1', amount: '20' }), adjust('USDT', '-20')]),
          unit([shrink({ reservationId: 'r-1', amount: '10' })]),
          unit([release({ reservationId: 'r-1', amount: '30' })]),
          unit([hold('r-2', '80')]),
        ])
        expect(outcomes).toEqual(Array.from({ length: 6 }, () => 'committed'))
        expect(await money()).toBe('80/80')
        expect(await ledger.findReservation('r-1')).toMatchObject({
          amount: Decimal.from('50'),
          consumed: Decimal.from('20'),
        })
      })

      it('that takes all but a little refuses the next one: the numbers of the origin', async () => {
        const outcomes = await kinds([
          funded('84.54'),
          ...['r-1', 'r-2', 'r-3'].map((id) => unit([hold(id, '67.63')])),
        ])
        expect(outcomes).toEqual([
          'committed',
          'committed',
          'balance_not_overcommitted',
          'balance_not_overcommitted',
        ])
        expect(await money()).toBe('67.63/84.54')
      })

      it('is judged unit by unit, also when a later unit of the batch would make room', async () => {
        const outcomes = await kinds([
          funded('100'),
          unit([hold('r-1', '80')]),
          unit([hold('r-2', '30')]),
          unit([release({ reservationId: 'r-1', amount: '80' })]),
          unit([hold('r-3', '90')]),
        ])
        expect(outcomes).toEqual([
          'committed',
          'committed',
          'balance_not_overcommitted',
          'committed',
          'committed',
        ])
        expect(await money()).toBe('90/100')
      })
    })

    describeRefusals(() => ledger)

    describe('versions', () => {
      it('of an order and of a position may grow several times in a batch', async () => {
        const changed = (version: number, state: 'accepted' | 'filled'): LedgerChange => ({
          kind: 'order-changed',
          order: order({ clientOrderId: 'o-1', version, state, venueOrderId: 'v-1', attempt: 7 }),
        })
        const outcomes = await kinds([
          funded('1'),
          unit([{ kind: 'order-created', order: order({ clientOrderId: 'o-1' }) }]),
          unit([changed(2, 'accepted'), { kind: 'position-changed', position: position() }]),
          unit([
            changed(3, 'filled'),
            { kind: 'position-changed', position: position({ version: 2 }) },
          ]),
        ])
        expect(new Set(outcomes)).toEqual(new Set(['committed']))
        const stored = await ledger.findOrder('o-1')
        expect(stored).toMatchObject({ version: 3, state: 'filled', venueOrderId: 'v-1' })
        expect(stored?.attempt).toBe(1)
        expect((await ledger.loadPositions('paper'))[0]?.version).toBe(2)
      })

      it('of a balance count the units that moved it', async () => {
        await ledger.commit([funded('5'), unit([adjust('USDT', '1'), adjust('USDT', '1')])])
        await ledger.commit([unit([adjust('USDT', '1')])])
        expect((await ledger.loadBalances('paper'))[0]).toMatchObject({
          version: 3,
          total: Decimal.from('8'),
        })
      })
    })

    describe('messages', () => {
      it('that were processed are duplicates, in the same batch and later', async () => {
        const once = unit([adjust('USDT', '1')], { causeId: 'cause', outgoing: [message('m')] })
        expect(await kinds([funded('5'), once, once, unit([adjust('USDT', '1')])])).toEqual([
          'committed',
          'committed',
          'duplicate',
          'committed',
        ])
        expect(await kinds([unit([adjust('USDT', '1')]), once])).toEqual(['committed', 'duplicate'])
        expect(await money()).toBe('0/8')
        expect(await ledger.wasProcessed('risk-manager', 'cause')).toBe(true)
        expect(await ledger.wasProcessed('execution', 'cause')).toBe(false)
      })

      it('are no duplicates for another consumer, nor when the first was refused', async () => {
        const bad = unit([hold('r-1', '99')], { causeId: 'cause' })
        const good = unit([hold('r-1', '1')], { causeId: 'cause' })
        const other = unit([adjust('USDT', '1')], { causeId: 'cause', consumer: 'execution' })
        expect(await kinds([funded('5'), bad, good, other])).toEqual([
          'committed',
          'balance_not_overcommitted',
          'committed',
          'committed',
        ])
      })

      it('wait in the outbox in the order of their commits until they are marked', async () => {
        await ledger.commit([unit([], { outgoing: [message('a'), message('b')] })])
        await ledger.commit([
          unit([], { outgoing: [message('c')] }),
          unit([], { outgoing: [message('x')], consumer: 'execution' }),
          unit([], { outgoing: [message('d')] }),
        ])
        const waiting = async (limit: number): Promise<unknown[]> =>
          (await ledger.unpublished('risk-manager', limit)).map((entry) => entry.message)
        expect(await waiting(3)).toEqual([message('a'), message('b'), message('c')])
        await ledger.markPublished([message('a').messageId, message('c').messageId])
        expect(await waiting(9)).toEqual([message('b'), message('d')])
        const sequences = (await ledger.unpublished('risk-manager', 9)).map((each) => each.sequence)
        expect(sequences[0]).toBeLessThan(sequences[1]!)
        expect(await ledger.unpublished('risk-manager', 9, { atLeastMs: 60_000 })).toEqual([])
      })

      it('are found by what they belong to and by the intent they name', async () => {
        const asked = intent('i-1')
        const answer = denial('i-1', asked)
        await ledger.commit([
          unit([], { outgoing: [asked], consumer: 'strategy' }),
          unit([], { outgoing: [message('other')] }),
          unit([], { outgoing: [answer, intent('i-2')] }),
        ])
        await ledger.markPublished([asked.messageId])
        const { correlationId } = asked
        expect(await ledger.loadMessages({ correlationId })).toEqual([asked, answer])
        const { intentId } = answer.payload
        expect(await ledger.loadMessages({ intentId })).toEqual([asked, answer])
        expect(await ledger.loadMessages({ correlationId: intentId })).toEqual([])
      })

      it('cannot be said twice', async () => {
        const say = unit([], { outgoing: [message('a')] })
        expect(await kinds([say, say])).toEqual(['committed', 'outbox_message_unique'])
      })
    })

    describeLeases(() => ledger)
    describeTrades(() => ledger)
  })
}
