// A ledger with three stories: an entry that was filled and protected, one that was refused, and one
// that nobody has decided on.
import {
  candleMessageId,
  createMessage,
  deriveId,
  IntentApproved,
  IntentDenied,
  IntentProposed,
  OrderFilled,
  OrderSubmitted,
  type AnyMessage,
} from '@flotilla/contracts'
import type { Ledger } from '@flotilla/ledger'
import {
  decision,
  fill,
  funded,
  order,
  position,
  reservation,
  START,
  unit,
} from '@flotilla/ledger/testing'
import { Decimal } from '@flotilla/money'

const symbol = 'BTC/USDT'
const venue = 'simulator'
const account = 'paper'

export const bought = deriveId('intent', 'bought')
export const refused = deriveId('intent', 'refused')
export const waiting = deriveId('intent', 'waiting')
export const entryName = 'flstest-e1'
export const stopName = 'flstest-s1'
export const reservationId = deriveId('reservation', 'bought')

const openTime = Date.parse('2024-07-31T23:59:00.000Z')
const closeTime = '2024-08-01T00:00:00.000Z'
const candle = candleMessageId({ venue, symbol, timeframe: '1m' }, openTime)
const signals = deriveId('signals')
const intentOf = {
  strategy: 'ema-crossover',
  venue,
  symbol,
  side: 'buy',
  purpose: 'entry',
} as const

export async function tellStories(ledger: Ledger): Promise<void> {
  const outcomes = await ledger.commit([
    funded('1000'),
    unit([], {
      consumer: 'strategy',
      outgoing: [proposal(bought), proposal(refused), proposal(waiting)],
    }),
    filledEntry(),
    refusal(),
  ])
  const kinds = new Set(outcomes.map(({ kind }) => kind))
  if (kinds.size !== 1 || !kinds.has('committed')) throw new Error(JSON.stringify(outcomes))
}

/** All three come from one candle, and so share its correlation. */
function proposal(intentId: string) {
  return createMessage(IntentProposed, {
    source: 'strategy',
    occurredAt: START,
    cause: { messageId: signals, correlationId: candle },
    discriminator: intentId,
    payload: {
      ...intentOf,
      intentId,
      confidence: 72,
      expectedPrice: '60000',
      expectedPriceAt: closeTime,
      reason: 'the fast average crossed above the slow one',
      stopLossPrice: '57000',
      takeProfitPrice: '66000',
      expiresAt: '2024-08-01T00:02:00.000Z',
      chain: [candle, signals],
    },
  })
}

function filledEntry() {
  const quantity = Decimal.from('0.001')
  const common = { intentId: bought, correlationId: candle, quantity }
  const entry = order({
    ...common,
    clientOrderId: entryName,
    reservationId,
    leg: 'entry',
    side: 'buy',
    type: 'limit',
    price: Decimal.from('60300'),
    stopPrice: null,
    timeInForce: 'ioc',
    state: 'filled',
    venueOrderId: '17',
    filledQuantity: quantity,
    quoteFilled: Decimal.from('60.0001'),
  })
  const held = reservation({ reservationId, intentId: bought, amount: Decimal.from('60.3') })
  const decided = decision({
    decisionId: deriveId('decision', 'bought'),
    intentId: bought,
    correlationId: candle,
    reservationId,
    checks: [
      { check: 'price', outcome: 'passed', inputs: { price: '60000', ageMs: 40 } },
      { check: 'size', outcome: 'sized', inputs: { share: '0.06', adjustments: [] } },
    ],
  })
  return unit(
    [
      { kind: 'reservation-held', reservation: held },
      { kind: 'decision-recorded', decision: decided },
      { kind: 'order-created', order: entry },
      {
        kind: 'order-created',
        order: order({ ...common, clientOrderId: stopName, state: 'accepted' }),
      },
      { kind: 'fill-recorded', fill: fill({ tradeId: 't-9', clientOrderId: entryName }) },
      { kind: 'position-changed', position: position() },
      {
        kind: 'memory-stored',
        agent: 'execution',
        key: 'entries-stopped:*',
        value: 'paused: lunch',
      },
      {
        kind: 'memory-stored',
        agent: 'execution',
        key: 'halted:BTC/USDT',
        value: 'protection_deadline',
      },
    ],
    { outgoing: saidOfEntry() },
  )
}

function saidOfEntry(): AnyMessage[] {
  const cause = { messageId: signals, correlationId: candle }
  const envelope = { occurredAt: START, cause, account } as const
  const facts = {
    account,
    venue,
    symbol,
    clientOrderId: entryName,
    venueOrderId: '17',
    intentId: bought,
    reservationId,
    leg: 'entry',
    side: 'buy',
    orderType: 'limit',
    timeInForce: 'ioc',
    quantity: '0.001',
    price: '60300',
    stopPrice: null,
    filledQuantity: '0.001',
    filledQuote: '60.0001',
    endsReservation: false,
  } as const
  return [
    createMessage(IntentApproved, {
      ...envelope,
      source: 'risk-manager',
      payload: {
        ...intentOf,
        decisionId: deriveId('decision', 'bought'),
        intentId: bought,
        account,
        quantity: '0.001',
        limitPrice: '60300',
        referencePrice: '60000',
        reservation: { reservationId, asset: 'USDT', amount: '60.3' },
        stopLossPrice: '57000',
        takeProfitPrice: '66000',
        sizing: { method: 'balance-share', adjustments: [] },
        expiresAt: '2024-08-01T00:02:00.000Z',
      },
    }),
    createMessage(OrderSubmitted, { ...envelope, source: 'execution', payload: facts }),
    createMessage(OrderFilled, {
      ...envelope,
      source: 'execution',
      payload: {
        ...facts,
        endsReservation: true,
        fill: {
          tradeId: 't-9',
          price: '60000.1',
          quantity: '0.001',
          fee: '0.000001',
          feeAsset: 'BTC',
          filledAt: '2024-08-01T00:00:00.123Z',
        },
      },
    }),
  ]
}

function refusal() {
  const reasons = [{ code: 'no_price', symbol }] as const
  const decided = decision({
    decisionId: deriveId('decision', 'refused'),
    intentId: refused,
    correlationId: candle,
    verdict: 'denied',
    reasons,
    sizing: null,
    checks: [{ check: 'price', outcome: 'denied', inputs: { price: null } }],
    decidedAt: START + 1,
  })
  const said = createMessage(IntentDenied, {
    source: 'risk-manager',
    occurredAt: START + 1,
    cause: proposal(refused),
    account,
    payload: {
      ...intentOf,
      decisionId: decided.decisionId,
      intentId: refused,
      account,
      reasons: [...reasons],
    },
  })
  return unit([{ kind: 'decision-recorded', decision: decided }], { outgoing: [said] })
}
