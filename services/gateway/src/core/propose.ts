import { createMessage, deriveId, instant, IntentProposed } from '@flotilla/contracts'
import type { MessageOfType } from '@flotilla/contracts'
import type { Problem } from './problems.ts'
import type { Request } from './requests.ts'

/** The newest price of a symbol, and when the venue says that it was true (market time). */
export type LastPrice = { readonly price: string; readonly at: number }

export type ProposalContext = {
  /** Epoch milliseconds, market time. */
  readonly now: number
  readonly account: string
  readonly venue: string
  /** Names this request for ever: the same key is the same intent. */
  readonly key: string
  readonly lastPrice: LastPrice | null
  readonly priceAgeMaxMs: number
  readonly intentLifetimeMs: number
  /** For a request that does not say. */
  readonly confidence: number
}

export type Proposed =
  | { readonly kind: 'proposed'; readonly message: MessageOfType<'strategy.intent.proposed.v1'> }
  | { readonly kind: 'no-price'; readonly problem: Problem }

/**
 * An ordinary intent: from here on nothing tells it from a strategy's, and the risk manager sizes it,
 * reserves for it and may deny it. The price it reckons with is the fleet's own newest one; what the
 * sender saw counts only where there is none.
 */
export function propose(request: Request, context: ProposalContext): Proposed {
  const { now, account, venue, key } = context
  const expected = expectedPrice(request, context)
  if (expected === null) {
    const message = `no price of ${request.symbol} is fresh enough; send one as "price"`
    return { kind: 'no-price', problem: { field: 'price', value: null, message } }
  }
  const { strategy, symbol, side, reason, stopLossPrice, takeProfitPrice } = request
  const message = createMessage(IntentProposed, {
    source: 'gateway',
    occurredAt: now,
    discriminator: key,
    account,
    payload: {
      intentId: deriveId('intent', account, strategy, venue, symbol, key),
      strategy,
      venue,
      symbol,
      side,
      purpose: side === 'buy' ? 'entry' : 'exit',
      confidence: request.confidence ?? context.confidence,
      expectedPrice: expected.price,
      expectedPriceAt: instant(expected.at),
      reason,
      stopLossPrice,
      takeProfitPrice,
      expiresAt: instant(now + context.intentLifetimeMs),
      chain: [],
    },
  })
  return { kind: 'proposed', message }
}

function expectedPrice(request: Request, context: ProposalContext): LastPrice | null {
  const { now, lastPrice, priceAgeMaxMs } = context
  if (lastPrice !== null && now - lastPrice.at <= priceAgeMaxMs) return lastPrice
  return request.price === null ? null : { price: request.price, at: now }
}
