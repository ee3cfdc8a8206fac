import { createMessage, instant, TickerUpdated } from '@flotilla/contracts'
import type { MessageOfType } from '@flotilla/contracts'
import type { ProposalContext } from './core/index.ts'

/** 2026-01-05T00:00:00Z. */
export const epoch = 1_767_571_200_000

export const symbols = ['BTC/USDT', 'ETH/USDT']

export function context(overrides: Partial<ProposalContext> = {}): ProposalContext {
  return {
    now: epoch,
    account: 'main',
    venue: 'simulator',
    key: 'k',
    lastPrice: { price: '50000', at: epoch - 1_000 },
    priceAgeMaxMs: 120_000,
    intentLifetimeMs: 120_000,
    confidence: 70,
    ...overrides,
  }
}

export function ticker(
  last: string,
  overrides: { readonly venue?: string; readonly at?: number } = {},
): MessageOfType<'market.ticker.updated.v1'> {
  const { venue = 'simulator', at = epoch } = overrides
  return createMessage(TickerUpdated, {
    source: 'data-collection',
    occurredAt: at,
    discriminator: `${venue} ${last} ${at}`,
    payload: {
      venue,
      symbol: 'BTC/USDT',
      last,
      bid: null,
      ask: null,
      quoteVolume24h: null,
      observedAt: instant(at),
    },
  })
}

/** Posts to a door of the gateway: a text as it stands, anything else as JSON. */
export function poster(url: string) {
  return async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
}
