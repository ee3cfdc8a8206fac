import { createMessage, deriveId, instant, timeframeMs } from '@flotilla/contracts'
import {
  IntentDenied,
  OrderCanceled,
  OrderExpired,
  OrderFilled,
  OrderRejected,
  PositionChanged,
  SignalsComputed,
  TickerUpdated,
} from '@flotilla/contracts'
import type {
  MessageOfType,
  OrderEnded,
  OrderFillFact,
  TickerUpdated as TickerFact,
} from '@flotilla/contracts'
import { defineStrategy, ema } from '@flotilla/strategy-kit'
import { z } from 'zod'
import { freshMemory, freshRecord } from './core/index.ts'
import type { Desk, DeskLimits, DeskMemory, Filters, Surroundings } from './core/index.ts'

export const minute = timeframeMs['1m']
/** 2026-01-05T00:00:00Z. */
export const epoch = 1_767_571_200_000

/**
 * Enters while `ema(2)` is above 0, exits while it is below; counts what it sees above 10. Above 1 it
 * says that its set-up began so many hours ago.
 */
const obedient = defineStrategy({
  name: 'obedient',
  summary: 'Does what its indicator says.',
  parameters: z.strictObject({}),
  needs: () => ({ indicators: { order: ema(2) } }),
  initialState: { above: 0 as number },
  onAnalysis: ({ closeTime, indicators: { order }, state }) => ({
    state: order > 10 ? { above: state.above + 1 } : state,
    wish:
      order > 0
        ? {
            action: 'enter',
            confidence: 60,
            reason: 'told to',
            ...(order > 1 ? { setupSince: closeTime - order * 60 * minute } : {}),
          }
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
}

/** They let everything pass. */
export const openFilters: Filters = {
  confidenceMin: 0,
  quoteVolume24hMin: 0,
  spreadMaxPercent: null,
  setupAgeHoursMax: null,
  tickerAgeMaxMs: 5 * minute,
}

export function memory(overrides: Partial<DeskMemory> = {}): DeskMemory {
  return { ...freshMemory(desk.strategy), ...overrides }
}

export function surroundings(overrides: Partial<Surroundings> = {}): Surroundings {
  return {
    now: epoch + minute,
    position: null,
    tradingState: 'active',
    quote: null,
    record: freshRecord,
    limits,
    filters: openFilters,
    ...overrides,
  }
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

/** The ticker of a minute; 1 % between bid and ask unless told otherwise. */
export function ticker(
  index: number,
  overrides: Partial<TickerFact> = {},
): MessageOfType<'market.ticker.updated.v1'> {
  const observedAt = epoch + index * minute
  return createMessage(TickerUpdated, {
    source: 'data-collection',
    occurredAt: observedAt,
    discriminator: `ticker ${observedAt} ${JSON.stringify(overrides)}`,
    payload: {
      venue: 'simulator',
      symbol: 'BTC/USDT',
      last: '100',
      bid: '99.5',
      ask: '100.5',
      quoteVolume24h: '20000',
      observedAt: instant(observedAt),
      ...overrides,
    },
  })
}

export function position(
  version: number,
  quantity: string,
  state: 'none' | 'dust' | 'unprotected' | 'protected' | 'closing',
  told: {
    readonly occurredAt?: number
    readonly realisedProfit?: string
    readonly stopPrice?: string
  } = {},
): MessageOfType<'execution.position.changed.v1'> {
  const { occurredAt = epoch, realisedProfit = '0', stopPrice = null } = told
  return createMessage(PositionChanged, {
    ...made,
    occurredAt,
    discriminator: `position ${version}`,
    payload: {
      account: 'main',
      venue: 'simulator',
      symbol: 'BTC/USDT',
      version,
      quantity,
      averageEntryPrice: quantity === '0' ? null : '50000',
      realisedProfit,
      protection: { state, stopPrice, takeProfitPrice: null, quantity },
    },
  })
}
