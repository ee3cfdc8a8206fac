// Why the risk manager refuses. Each reason has a stable code and carries the numbers inside, so
// that "why" has an answer which no text has to be parsed for.
import { z } from 'zod'
import { AmountText, Asset, DecimalText, Instant, PriceText, QuantityText } from './primitives.ts'

const amounts = { asset: Asset, required: AmountText, available: DecimalText }

export const DenialReason = z
  .discriminatedUnion('code', [
    z.strictObject({ code: z.literal('intent_expired'), expiresAt: Instant, decidedAt: Instant }),
    z.strictObject({ code: z.literal('trading_paused'), since: Instant.nullable() }),
    z.strictObject({ code: z.literal('trading_flattened'), since: Instant.nullable() }),
    z.strictObject({ code: z.literal('trading_halted'), since: Instant.nullable() }),
    z.strictObject({ code: z.literal('symbol_not_traded'), symbol: z.string() }),
    z.strictObject({
      code: z.literal('symbol_not_eligible'),
      symbol: z.string(),
      /** The universe's own code, `quote_volume_below_minimum`. */
      reason: z.string(),
      since: Instant,
    }),
    z.strictObject({
      code: z.literal('data_source_unreliable'),
      source: z.string(),
      /** Null when all of the source is meant. */
      symbol: z.string().nullable(),
      state: z.enum(['degraded', 'disabled']),
      reason: z.string(),
      since: Instant,
    }),
    z.strictObject({
      code: z.literal('confidence_below_minimum'),
      confidence: z.number(),
      confidenceMin: z.number(),
    }),
    z.strictObject({ code: z.literal('no_price'), symbol: z.string() }),
    z.strictObject({
      code: z.literal('stale_price'),
      ageMs: z.number().min(0),
      ageMaxMs: z.number().min(0),
    }),
    z.strictObject({ code: z.literal('insufficient_available_balance'), ...amounts }),
    z.strictObject({ code: z.literal('insufficient_inventory'), ...amounts }),
    z.strictObject({
      code: z.literal('quantity_below_minimum'),
      quantity: QuantityText,
      quantityMin: QuantityText,
    }),
    z.strictObject({
      code: z.literal('notional_below_minimum'),
      notional: AmountText,
      notionalMin: AmountText,
    }),
    z.strictObject({
      code: z.literal('exposure_exceeds_limit'),
      exposure: AmountText,
      exposureMax: AmountText,
    }),
    z.strictObject({
      code: z.literal('open_positions_exceed_limit'),
      openPositions: z.int().min(0),
      openPositionsMax: z.int().min(0),
    }),
    z.strictObject({ code: z.literal('position_already_open'), quantity: QuantityText }),
    z.strictObject({ code: z.literal('intent_already_open'), intentId: z.string() }),
    z.strictObject({
      code: z.literal('stop_not_below_price'),
      stopLossPrice: PriceText,
      price: PriceText,
    }),
    z.strictObject({ code: z.literal('venue_rules_unavailable'), symbol: z.string() }),
    z.strictObject({
      code: z.literal('insufficient_liquidity'),
      offered: QuantityText,
      quantityMin: QuantityText,
    }),
    z.strictObject({ code: z.literal('volatility_unknown'), symbol: z.string() }),
    z.strictObject({
      code: z.literal('daily_loss_reached'),
      /** The date on which the trading day began. */
      day: z.string(),
      startEquity: AmountText,
      loss: AmountText,
      lossMax: AmountText,
    }),
    z.strictObject({
      code: z.literal('symbol_exposure_exceeds_limit'),
      symbol: z.string(),
      exposure: AmountText,
      exposureMax: AmountText,
    }),
    z.strictObject({
      code: z.literal('asset_exposure_exceeds_limit'),
      asset: Asset,
      exposure: AmountText,
      exposureMax: AmountText,
    }),
    z.strictObject({
      code: z.literal('correlated_exposure_exceeds_limit'),
      /** Held or on their way, and moving with the symbol. */
      symbols: z.array(z.string()),
      exposure: AmountText,
      exposureMax: AmountText,
    }),
    z.strictObject({
      code: z.literal('symbol_cooling_down'),
      symbol: z.string(),
      until: Instant,
    }),
    z.strictObject({
      code: z.literal('stops_reached_limit'),
      stops: z.int().min(0),
      stopsMax: z.int().min(0),
      until: Instant,
    }),
    z.strictObject({
      code: z.literal('symbol_profit_too_low'),
      symbol: z.string(),
      trades: z.int().min(0),
      /** Sum of what the trades earned, as shares of their cost. */
      profit: DecimalText,
      profitMin: DecimalText,
      until: Instant,
    }),
    z.strictObject({
      code: z.literal('budget_exceeded'),
      strategy: z.string(),
      required: AmountText,
      available: DecimalText,
    }),
    z.strictObject({
      code: z.literal('drawdown_halt'),
      equity: DecimalText,
      peak: AmountText,
      since: Instant,
    }),
    z.strictObject({
      code: z.literal('side_not_supported'),
      side: z.string(),
      purpose: z.string(),
    }),
  ])
  .meta({ id: 'DenialReason' })
export type DenialReason = z.infer<typeof DenialReason>
export type DenialCode = DenialReason['code']

/** What each code means and what to do about it; the documentation's page is made from this. */
export const denialGuide: Readonly<Record<DenialCode, { meaning: string; remedy: string }>> = {
  intent_expired: {
    meaning: 'The intent was older than its own expiry when its turn came.',
    remedy: 'Look at the latency of the chain, or give the strategy a longer intent life.',
  },
  trading_paused: {
    meaning: 'An operator paused entries.',
    remedy: '`flotilla control resume` when the reason is gone.',
  },
  trading_flattened: {
    meaning:
      'An operator had the positions closed; nothing is bought again before somebody says so.',
    remedy: '`flotilla control resume` when entries are wanted again.',
  },
  trading_halted: {
    meaning: 'An operator or a limit halted trading.',
    remedy: 'Find out why, then `flotilla control resume`.',
  },
  symbol_not_traded: {
    meaning: 'The symbol is not among the configured ones, or the venue does not trade it now.',
    remedy: 'Add it under `symbols` in the configuration, or wait until the venue trades it.',
  },
  symbol_not_eligible: {
    meaning:
      'Data-collection has found that the symbol may not be traded now; the reason is its own.',
    remedy: 'Nothing, or see `data.universe`: `forceEligible` skips its checks.',
  },
  data_source_unreliable: {
    meaning:
      'The data of this symbol is too old, or its source is disabled: a refused key, a block.',
    remedy:
      'Look at the health of data-collection: a key must be changed, all else ends by itself.',
  },
  confidence_below_minimum: {
    meaning: 'The strategy was not sure enough for an entry.',
    remedy: 'Nothing, or lower `risk.confidenceMin`.',
  },
  no_price: {
    meaning: 'No market price of the symbol is known, and the intent brought no fresh one.',
    remedy: 'Look at the health of data-collection and of the venue.',
  },
  stale_price: {
    meaning: 'The newest price is older than the limit.',
    remedy: 'Look at the health of data-collection, or raise `risk.priceAgeMaxMs`.',
  },
  insufficient_available_balance: {
    meaning: 'Balance minus reservations does not cover the size.',
    remedy: 'Wait for reservations to be released, lower the size, or add funds.',
  },
  insufficient_inventory: {
    meaning: 'A sale of more than is held and not reserved.',
    remedy: 'Nothing: there is nothing left to sell.',
  },
  quantity_below_minimum: {
    meaning: 'The size is below the smallest lot of the venue and may not be raised to it.',
    remedy: 'Raise the share per trade or the limits, or trade a cheaper symbol.',
  },
  notional_below_minimum: {
    meaning: 'The value of the order is below what the venue accepts.',
    remedy: 'Raise the share per trade, or add funds.',
  },
  exposure_exceeds_limit: {
    meaning: 'Positions, reservations and this order together exceed the exposure cap.',
    remedy: 'Wait for positions to close, or raise `risk.exposureShareMax`.',
  },
  open_positions_exceed_limit: {
    meaning: 'As many positions are open as the limit allows.',
    remedy: 'Wait for one to close, or raise `risk.openPositionsMax`.',
  },
  position_already_open: {
    meaning: 'The symbol is held already and adding to a position is not allowed.',
    remedy: 'Nothing, or allow `risk.addToPositions`.',
  },
  intent_already_open: {
    meaning: 'Another entry of the same symbol is still on its way.',
    remedy: 'Nothing: it will end by itself.',
  },
  stop_not_below_price: {
    meaning: 'The suggested stop is at or above the price: it would trigger at once.',
    remedy: 'Mend the strategy: the stop of a long position lies below the price.',
  },
  venue_rules_unavailable: {
    meaning: "The venue's rules for the symbol (lot, tick, minimum) are not known.",
    remedy: 'Look at the health of the venue, and whether it lists the symbol.',
  },
  insufficient_liquidity: {
    meaning: 'The order book offers less than the smallest size below the worst price.',
    remedy: 'Trade a more liquid symbol, or raise `risk.slippageMax`.',
  },
  volatility_unknown: {
    meaning: 'The size follows the volatility, and too few recent candles of the symbol are known.',
    remedy: 'Wait for candles, or look at the health of data-collection.',
  },
  daily_loss_reached: {
    meaning: 'The account has lost as much since the day began as it may lose in a day.',
    remedy: 'Wait for the next day, or raise `risk.dailyLossMax`.',
  },
  symbol_exposure_exceeds_limit: {
    meaning: 'The position of the symbol, its entries and this order exceed the cap of one symbol.',
    remedy: 'Nothing, or raise `risk.caps.symbolShareMax`.',
  },
  asset_exposure_exceeds_limit: {
    meaning: 'What the account owns of the asset and this order exceed the cap of one asset.',
    remedy: 'Nothing, or raise `risk.caps.assetShareMax`.',
  },
  correlated_exposure_exceeds_limit: {
    meaning: 'Together with symbols that move with it the order exceeds the cap of one bet.',
    remedy: 'Trade symbols that move apart, or raise `risk.caps.correlatedShareMax`.',
  },
  symbol_cooling_down: {
    meaning: 'The symbol was sold a moment ago and is not bought again at once.',
    remedy: 'Nothing, or lower `risk.protections.cooldownMs`.',
  },
  stops_reached_limit: {
    meaning: 'So many positions were stopped within the time that entries pause.',
    remedy: 'Look at the market and the strategies; see `risk.protections.stopGuard`.',
  },
  symbol_profit_too_low: {
    meaning: 'The newest trades of the symbol earned too little, and it is locked for a time.',
    remedy: 'Nothing, or see `risk.protections.lowProfit`.',
  },
  budget_exceeded: {
    meaning: "The strategy's own part of the account does not cover the size.",
    remedy: 'Wait for its positions to close, or raise its share under `risk.budgets`.',
  },
  drawdown_halt: {
    meaning: 'The account is so far below its peak that it takes no entries.',
    remedy:
      'Find out why. `flotilla control resume` for the whole account accepts what it is worth now as the new peak.',
  },
  side_not_supported: {
    meaning: 'A spot account can enter by buying and exit by selling only.',
    remedy: 'Mend the strategy.',
  },
}
