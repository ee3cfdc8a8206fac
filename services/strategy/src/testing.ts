import { createMessage, deriveId, instant, timeframeMs } from '@flotilla/contracts'
import {
  IntentDenied,
  OrderCanceled,
  OrderExpired,
  OrderFilled,
  OrderRejected,
  PositionChanged,
  SignalsComputed,
} from '@flotilla/contracts'
import type { MessageOfType, OrderEnded, OrderFillFact } from '@flotilla/contracts'
import { defineStrategy, ema } from '@flotilla/strategy-kit'
import { z } from 'zod'
import { freshMemory } from './core/index.ts'
import type { Desk, DeskLimits, DeskMemory, Surroundings } from './core/index.ts'

export const minute = timeframeMs['1m']
/** 2026-01-05T00:00:00Z. */
export const epoch = 1_767_571_200_000

/** Enters while `ema(2)` is above 0, exits while it is below; counts what it sees. */
const obedient = defineStrategy({
  name: 'obedient',
  summary: 'Does what its indicator says.',
  parameters: z.strictObject({}),
  needs: () => ({ indicators: { order: ema(2) } }),
  initialState: { above: 0 as number },
  onAnalysis: ({ indicators: { order }, state }) => ({
    state: order > 10 ? { above: state.above + 1 } : state,
    wish:
      order > 0
        ? { action: 'enter', confidence: 60, reason: 'told to' }
        : order < 0
          ? { action: 'exit', confidence: 60, reason: 'told to' }
          : null,
  }),
})

export const desk: Desk = {
  id: 'obedient',
  account: 'main',
  venue: 'simulator',
  symbol: 'BTC/USDT',
  timeframe: '1m',
  strategy: obedient.configure({}),
}

export const limits: DeskLimits = {
  signalAgeMaxMs: 3 * minute,
  entryLifetimeMs: 2 * minute,
  exitLifetimeMs: 10 * minute,
  entryCooldownMs: 5 * minute,
  exitCooldownMs: minute,
  openIntentGraceMs: 60 * minute,
  confidenceMin: 0,
}

export function memory(overrides: Partial<DeskMemory> = {}): DeskMemory {
  return { ...freshMemory(desk.strategy), ...overrides }
}

export function surroundings(overrides: Partial<Surroundings> = {}): Surroundings {
  return { now: epoch + minute, position: null, tradingState: 'active', limits, ...overrides }
}

/** The analysis of the candle with this number; `order` is what `obedient` is told. */
export function signals(
  index: number,
  indicators: Readonly<Record<string, number>>,
  overrides: Partial<MessageOfType<'analysis.signals.computed.v1'>['payload']> = {},
): MessageOfType<'analysis.signals.computed.v1'> {
  const openTime = epoch + index * minute
  const candleId = deriveId('candle', String(openTime))
  return createMessage(SignalsComputed, {
    source: 'technical-analysis',
    occurredAt: openTime + minute,
    cause: { messageId: candleId, correlationId: candleId },
    payload: {
      venue: 'simulator',
      symbol: 'BTC/USDT',
      timeframe: '1m',
      candleOpenTime: instant(openTime),
      candleCloseTime: instant(openTime + minute),
      close: '50000',
      indicators: { ...indicators },
      readings: { trend: null, momentum: null, volatilityPercent: null },
      score: null,
      origin: 'live',
      ...overrides,
    },
  })
}

export function denied(intentId: string): MessageOfType<'risk.intent.denied.v1'> {
  return createMessage(IntentDenied, {
    source: 'risk-manager',
    occurredAt: epoch,
    discriminator: `denied ${intentId}`,
    account: 'main',
    payload: {
      decisionId: deriveId('decision', intentId),
      intentId,
      strategy: 'obedient',
      account: 'main',
      venue: 'simulator',
      symbol: 'BTC/USDT',
      side: 'buy',
      purpose: 'entry',
      reasons: [{ code: 'no_price', symbol: 'BTC/USDT' }],
    },
  })
}

const order = {
  account: 'main',
  venue: 'simulator',
  symbol: 'BTC/USDT',
  clientOrderId: 'e-1',
  venueOrderId: '1',
  reservationId: null,
  leg: 'entry',
  side: 'buy',
  orderType: 'limit',
  timeInForce: 'ioc',
  quantity: '1',
  price: '50000',
  stopPrice: null,
  filledQuantity: '1',
  filledQuote: '50000',
  endsReservation: true,
} as const

const made = { source: 'execution', occurredAt: epoch, account: 'main' } as const

export function filled(
  intentId: string,
  overrides: Partial<OrderFillFact> = {},
): MessageOfType<'execution.order.filled.v1'> {
  return createMessage(OrderFilled, {
    ...made,
    discriminator: `filled ${intentId}`,
    payload: {
      ...order,
      intentId,
      fill: {
        tradeId: '1',
        price: '50000',
        quantity: '1',
        fee: '0',
        feeAsset: 'BTC',
        filledAt: instant(epoch),
      },
      ...overrides,
    },
  })
}

const endings = { rejected: OrderRejected, canceled: OrderCanceled, expired: OrderExpired }

/** An order that ended without having been filled, unless told otherwise. */
export function ended(
  how: keyof typeof endings,
  intentId: string,
  overrides: Partial<OrderEnded> = {},
) {
  return createMessage(endings[how], {
    ...made,
    discriminator: `${how} ${intentId}`,
    payload: {
      ...order,
      intentId,
      filledQuantity: '0',
      filledQuote: '0',
      code: how,
      reason: '',
      ...overrides,
    },
  })
}

export function position(
  version: number,
  quantity: string,
  state: 'none' | 'dust' | 'unprotected' | 'protected' | 'closing',
): MessageOfType<'execution.position.changed.v1'> {
  return createMessage(PositionChanged, {
    ...made,
    discriminator: `position ${version}`,
    payload: {
      account: 'main',
      venue: 'simulator',
      symbol: 'BTC/USDT',
      version,
      quantity,
      averageEntryPrice: quantity === '0' ? null : '50000',
      realisedProfit: '0',
      protection: { state, stopPrice: null, takeProfitPrice: null, quantity },
    },
  })
}
