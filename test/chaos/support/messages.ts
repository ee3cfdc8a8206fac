// What the scenarios say on the bus: prices, wishes, and the command to close.
import {
  createMessage,
  deriveId,
  Flatten,
  instant,
  IntentProposed,
  Reload,
  TickerUpdated,
  type AnyMessage,
} from '@flotilla/contracts'

export const symbol = 'BTC/USDT'
export const account = 'main'
const venue = 'simulator'

export type IntentWish = {
  readonly purpose: 'entry' | 'exit'
  /** Market milliseconds until the wish is void; an hour unless said otherwise. */
  readonly expiresInMs?: number
}

type Moment = { readonly now: number; readonly price: string; readonly number: number }

export function tickerMessage({ now, price }: Omit<Moment, 'number'>): AnyMessage {
  return createMessage(TickerUpdated, {
    source: 'data-collection',
    occurredAt: now,
    discriminator: `${symbol}:${now}`,
    payload: {
      venue,
      symbol,
      last: price,
      bid: null,
      ask: null,
      quoteVolume24h: null,
      observedAt: instant(now),
    },
  })
}

export function intentMessage(wish: IntentWish, { now, price, number }: Moment) {
  const intentId = deriveId('intent', 'chaos', String(number), String(now))
  return createMessage(IntentProposed, {
    source: 'strategy',
    occurredAt: now,
    account,
    correlationId: deriveId('correlation', intentId),
    discriminator: intentId,
    payload: {
      intentId,
      strategy: 'chaos',
      venue,
      symbol,
      side: wish.purpose === 'entry' ? 'buy' : 'sell',
      purpose: wish.purpose,
      confidence: 90,
      expectedPrice: price,
      expectedPriceAt: instant(now),
      reason: 'the scenario asks for it',
      stopLossPrice: null,
      takeProfitPrice: null,
      expiresAt: instant(now + (wish.expiresInMs ?? 3_600_000)),
      chain: [],
    },
  })
}

export function reloadMessage(now: number): AnyMessage {
  return createMessage(Reload, {
    source: 'operator',
    occurredAt: now,
    discriminator: `reload:${now}`,
    payload: { requestedBy: 'chaos', reason: 'other keys', agent: null },
  })
}

export function flattenMessage(now: number): AnyMessage {
  return createMessage(Flatten, {
    source: 'operator',
    occurredAt: now,
    discriminator: `flatten:${now}`,
    payload: { requestedBy: 'chaos', reason: 'the scenario asks for it', account, symbol },
  })
}
