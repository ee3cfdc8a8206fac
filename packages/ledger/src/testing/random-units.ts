// Random work for two accounts: few names, so that units often collide, overdraw and repeat.
import { Decimal } from '@flotilla/money'
import * as fc from 'fast-check'
import type { LedgerChange, Unit } from '../port.ts'
import {
  account,
  decision,
  fill,
  message,
  order,
  position,
  reservation,
  START,
  trade,
  unit,
} from './builders.ts'

const name = fc.constantFrom('paper', 'other')
const asset = fc.constantFrom('USDT', 'BTC')
const amount = fc.integer({ min: 0, max: 60 }).map((cents) => Decimal.scaled(BigInt(cents), 1))
const signed = fc.integer({ min: -60, max: 90 }).map((cents) => Decimal.scaled(BigInt(cents), 1))
const id = fc.integer({ min: 1, max: 5 })
const version = fc.integer({ min: 1, max: 4 })

const step = fc.record({
  reservationId: id.map((each) => `r-${each}`),
  account: fc.constant('paper'),
  asset: fc.constant('USDT'),
  amount,
})

const orderRecord = fc
  .record({ id, version, filled: fc.boolean(), reservation: fc.option(id) })
  .map((each) =>
    order({
      clientOrderId: `o-${each.id}`,
      version: each.version,
      state: each.filled ? 'filled' : 'accepted',
      reservationId: each.reservation === null ? null : `r-${each.reservation}`,
    }),
  )

const change: fc.Arbitrary<LedgerChange> = fc.oneof(
  name.map((each): LedgerChange => ({
    kind: 'account-opened',
    account: account({ account: each }),
  })),
  fc
    .record({ account: name, asset, totalDelta: signed })
    .map((each): LedgerChange => ({ kind: 'balance-adjusted', ...each })),
  fc.record({ id, intent: id, account: name, asset, amount }).map((each): LedgerChange => ({
    kind: 'reservation-held',
    reservation: reservation({
      reservationId: `r-${each.id}`,
      intentId: `i-${each.intent}`,
      account: each.account,
      asset: each.asset,
      amount: each.amount,
    }),
  })),
  step.map((each): LedgerChange => ({ kind: 'reservation-settled', ...each })),
  step.map((each): LedgerChange => ({ kind: 'reservation-shrunk', ...each })),
  fc
    .record({ step, state: fc.constantFrom('settled' as const, 'released' as const) })
    .map((each): LedgerChange => ({
      kind: 'reservation-ended',
      ...each.step,
      state: each.state,
      endedAt: START,
      endReason: 'end',
    })),
  fc.record({ id, intent: id }).map((each): LedgerChange => ({
    kind: 'decision-recorded',
    decision: decision({ decisionId: `d-${each.id}`, intentId: `i-${each.intent}` }),
  })),
  orderRecord.map((each): LedgerChange => ({ kind: 'order-created', order: each })),
  orderRecord.map((each): LedgerChange => ({ kind: 'order-changed', order: each })),
  fc.record({ trade: id, order: id }).map((each): LedgerChange => ({
    kind: 'fill-recorded',
    fill: fill({ tradeId: `t-${each.trade}`, clientOrderId: `o-${each.order}` }),
  })),
  fc
    .record({ version, symbol: fc.constantFrom('BTC/USDT', 'ETH/USDT') })
    .map((each): LedgerChange => ({ kind: 'position-changed', position: position(each) })),
  id.map((each): LedgerChange => ({
    kind: 'trade-closed',
    trade: trade({ openingTradeId: `t-${each}`, closedAt: START + each }),
  })),
  fc
    .record({ key: fc.constantFrom('a', 'b'), value: fc.constantFrom(null, 1, 'text') })
    .map((each): LedgerChange => ({ kind: 'memory-stored', agent: 'strategy', ...each })),
)

const chains = [{}, {}]

const randomUnit: fc.Arbitrary<Unit> = fc
  .record({
    changes: fc.array(change, { maxLength: 4 }),
    cause: fc.option(fc.integer({ min: 1, max: 30 })),
    says: fc.option(fc.integer({ min: 1, max: 60 })),
    chain: fc.constantFrom(null, null, ...chains),
  })
  .map(({ changes, cause, says, chain }) =>
    unit(changes, {
      ...(chain === null ? {} : { chain }),
      causeId: cause === null ? null : `cause-${cause}`,
      outgoing: says === null ? [] : [message(`says-${says}`)],
    }),
  )

/** Units, cut into batches. */
export const randomBatches: fc.Arbitrary<Unit[][]> = fc.array(
  fc.array(randomUnit, { minLength: 1, maxLength: 8 }),
  { minLength: 1, maxLength: 6 },
)

/** A start from which much can succeed. */
export const opening: Unit[] = ['paper', 'other'].map((each) =>
  unit([
    { kind: 'account-opened', account: account({ account: each }) },
    { kind: 'balance-adjusted', account: each, asset: 'USDT', totalDelta: Decimal.from('10') },
    { kind: 'balance-adjusted', account: each, asset: 'BTC', totalDelta: Decimal.from('3') },
  ]),
)
