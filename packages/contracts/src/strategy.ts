// A strategy's wish to trade: not yet allowed.
import { z } from 'zod'
import { defineMessage, type PayloadOf } from './message.ts'
import {
  Instant,
  MarketSymbol,
  Percentage,
  PriceText,
  Purpose,
  Side,
  Uuid,
  VenueName,
} from './primitives.ts'

export const IntentProposed = defineMessage('strategy.intent.proposed.v1', {
  summary: 'A strategy, or a person, wishes to trade. It expires when nobody decides in time.',
  payload: z.strictObject({
    intentId: Uuid,
    /** The strategy's name, or `manual`. */
    strategy: z.string().min(1).max(64),
    venue: VenueName,
    symbol: MarketSymbol,
    side: Side,
    purpose: Purpose,
    /** How sure the strategy is, 0 to 100. */
    confidence: Percentage,
    /** The price it reckons with, and when that price was true. */
    expectedPrice: PriceText,
    expectedPriceAt: Instant,
    /** One sentence for people. */
    reason: z.string().min(1).max(500),
    /** Suggested exits of an entry; execution refuses to leave a position without a stop. */
    stopLossPrice: PriceText.nullable(),
    takeProfitPrice: PriceText.nullable(),
    /** After this the intent is void, wherever it is on its way. */
    expiresAt: Instant,
    /** Ids of the messages that led here, oldest first. */
    chain: z.array(Uuid).max(20),
  }),
})
export type IntentProposed = PayloadOf<typeof IntentProposed>
