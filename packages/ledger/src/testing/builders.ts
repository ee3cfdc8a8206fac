// Records and units with sensible values, so that a test says only what it is about.
import {
  type AnyMessage,
  createMessage,
  deriveId,
  Heartbeat,
  IntentDenied,
  IntentProposed,
  type MessageOfType,
} from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import type { Ledger, LedgerChange, Unit } from '../port.ts'
import type {
  Account,
  ClosedTrade,
  Decision,
  Fill,
  Order,
  Position,
  Reservation,
} from '../records.ts'

export const START = Date.parse('2024-08-01T00:00:00.123Z')

export function account(over: Partial<Account> = {}): Account {
  return {
    account: 'paper',
    venue: 'simulator',
    mode: 'paper',
    currency: 'USDT',
    openedAt: START,
    ...over,
  }
}

export function reservation(over: Partial<Reservation> & { reservationId: string }): Reservation {
  return {
    account: 'paper',
    intentId: `intent of ${over.reservationId}`,
    asset: 'USDT',
    amount: Decimal.from('10'),
    consumed: Decimal.zero,
    state: 'held',
    createdAt: START,
    endedAt: null,
    endReason: null,
    ...over,
  }
}

export function decision(over: Partial<Decision> & { decisionId: string }): Decision {
  return {
    intentId: `intent of ${over.decisionId}`,
    account: 'paper',
    symbol: 'BTC/USDT',
    side: 'buy',
    verdict: 'approved',
    checks: [
      { check: 'price', outcome: 'passed', inputs: { price: '60000' } },
      { check: 'size', outcome: 'sized', inputs: {} },
    ],
    reasons: [],
    sizing: { method: 'share', quantity: '0.001' },
    reservationId: null,
    correlationId: deriveId('correlation'),
    decidedAt: START,
    ...over,
  }
}

export function order(over: Partial<Order> & { clientOrderId: string }): Order {
  return {
    account: 'paper',
    venue: 'simulator',
    symbol: 'BTC/USDT',
    intentId: `intent of ${over.clientOrderId}`,
    reservationId: null,
    leg: 'stop-loss',
    attempt: 1,
    side: 'sell',
    type: 'stop-loss',
    quantity: Decimal.from('0.001'),
    price: null,
    stopPrice: Decimal.from('57000.5'),
    timeInForce: null,
    state: 'submitting',
    venueOrderId: null,
    listId: null,
    filledQuantity: Decimal.zero,
    quoteFilled: Decimal.zero,
    createdAt: START,
    submittedAt: null,
    updatedAt: START,
    version: 1,
    reason: null,
    correlationId: deriveId('correlation'),
    details: null,
    ...over,
  }
}

export function fill(over: Partial<Fill> & { tradeId: string; clientOrderId: string }): Fill {
  return {
    account: 'paper',
    venue: 'simulator',
    symbol: 'BTC/USDT',
    side: 'buy',
    price: Decimal.from('60000.1'),
    quantity: Decimal.from('0.001'),
    fee: Decimal.from('0.000001'),
    feeAsset: 'BTC',
    filledAt: START,
    ...over,
  }
}

export function position(over: Partial<Position> = {}): Position {
  return {
    account: 'paper',
    venue: 'simulator',
    symbol: 'BTC/USDT',
    quantity: Decimal.from('0.000999'),
    costBasis: Decimal.from('60.0001'),
    averageEntryPrice: Decimal.from('60060.16016'),
    realisedProfit: Decimal.from('-1.5'),
    protection: {
      state: 'protected',
      stop: Decimal.from('57000'),
      takeProfit: null,
      quantity: Decimal.from('0.00099'),
      listId: 'list-1',
      since: START,
      reason: null,
    },
    openedAt: START,
    updatedAt: START,
    version: 1,
    ...over,
  }
}

export function trade(over: Partial<ClosedTrade> & { openingTradeId: string }): ClosedTrade {
  return {
    account: 'paper',
    venue: 'simulator',
    symbol: 'BTC/USDT',
    side: 'buy',
    strategy: 'test',
    intentIds: ['i-1', 'i "2"'],
    correlationId: deriveId('correlation'),
    openedAt: START,
    closedAt: START + 5_000,
    quantity: Decimal.from('0.000999'),
    averageEntryPrice: Decimal.from('60000.1'),
    averageExitPrice: Decimal.from('61000'),
    stop: Decimal.from('57000'),
    fees: Decimal.from('0.12'),
    otherFees: { BNB: '0.0001' },
    grossProfit: Decimal.from('1.05889011'),
    netProfit: Decimal.from('0.93889011'),
    rMultiple: 0.3129622,
    entrySlippage: Decimal.from('0.0001'),
    entrySlippagePercent: 0.000166667,
    exitSlippage: Decimal.from('-0.1'),
    exitSlippagePercent: -0.1,
    entrySlippageDecided: Decimal.from('0.00005'),
    entrySlippageDecidedPercent: 0.000083,
    exitSlippageDecided: Decimal.from('0.02'),
    exitSlippageDecidedPercent: 0.02,
    exitReason: 'take-profit',
    exits: { ladder: '0.0005', 'take-profit': '0.000499' },
    remaining: Decimal.from('0.000001'),
    ...over,
  }
}

/** A small message that the contracts know; the same name gives the same message id. */
export function message(name: string): AnyMessage {
  return createMessage(Heartbeat, {
    source: 'risk-manager',
    occurredAt: START,
    discriminator: name,
    payload: {
      agent: 'risk-manager',
      instance: name.slice(0, 64),
      ready: true,
      startedAt: '2024-08-01T00:00:00.123Z',
      sequence: 1,
    },
  })
}

/** The wish of a strategy, and the refusal that goes back to it. */
export function intent(name: string): MessageOfType<'strategy.intent.proposed.v1'> {
  return createMessage(IntentProposed, {
    source: 'strategy',
    occurredAt: START,
    discriminator: name,
    payload: {
      intentId: deriveId(name),
      strategy: 'test',
      venue: 'simulator',
      symbol: 'BTC/USDT',
      side: 'buy',
      purpose: 'entry',
      confidence: 70,
      expectedPrice: '60000',
      expectedPriceAt: '2024-08-01T00:00:00.123Z',
      reason: 'a test',
      stopLossPrice: null,
      takeProfitPrice: null,
      expiresAt: '2024-08-01T00:01:00.123Z',
      chain: [],
    },
  })
}

export function denial(name: string, cause: AnyMessage): MessageOfType<'risk.intent.denied.v1'> {
  return createMessage(IntentDenied, {
    source: 'risk-manager',
    occurredAt: START,
    cause,
    account: 'paper',
    payload: {
      decisionId: deriveId('decision', name),
      intentId: deriveId(name),
      strategy: 'test',
      account: 'paper',
      venue: 'simulator',
      symbol: 'BTC/USDT',
      side: 'buy',
      purpose: 'entry',
      reasons: [{ code: 'no_price', symbol: 'BTC/USDT' }],
    },
  })
}

export function unit(changes: readonly LedgerChange[], over: Partial<Unit> = {}): Unit {
  return { consumer: 'risk-manager', causeId: null, changes, outgoing: [], ...over }
}

/** An open account with this much money. */
export function funded(amount: string, name = 'paper'): Unit {
  return unit([
    { kind: 'account-opened', account: account({ account: name }) },
    { kind: 'balance-adjusted', account: name, asset: 'USDT', totalDelta: Decimal.from(amount) },
  ])
}

/** Holds a reservation of the account's money. */
export function hold(reservationId: string, amount: string): LedgerChange {
  return {
    kind: 'reservation-held',
    reservation: reservation({ reservationId, amount: Decimal.from(amount) }),
  }
}

type Step = { readonly reservationId: string; readonly amount: string; readonly asset?: string }

export function settle({ reservationId, amount, asset = 'USDT' }: Step): LedgerChange {
  const step = { reservationId, account: 'paper', asset, amount: Decimal.from(amount) }
  return { kind: 'reservation-settled', ...step }
}

export function shrink({ reservationId, amount, asset = 'USDT' }: Step): LedgerChange {
  const step = { reservationId, account: 'paper', asset, amount: Decimal.from(amount) }
  return { kind: 'reservation-shrunk', ...step }
}

export function release({ reservationId, amount, asset = 'USDT' }: Step): LedgerChange {
  const step = { reservationId, account: 'paper', asset, amount: Decimal.from(amount) }
  return {
    kind: 'reservation-ended',
    ...step,
    state: 'released',
    endedAt: START + 1_000,
    endReason: 'order ended',
  }
}

export function adjust(asset: string, delta: string, name = 'paper'): LedgerChange {
  return { kind: 'balance-adjusted', account: name, asset, totalDelta: Decimal.from(delta) }
}

/** The outcomes in one word each: committed, duplicate or the constraint that refused. */
export async function outcomesOf(ledger: Ledger, units: readonly Unit[]): Promise<string[]> {
  const outcomes = await ledger.commit(units)
  return outcomes.map((each) => (each.kind === 'refused' ? each.constraint : each.kind))
}
