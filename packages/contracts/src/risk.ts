// The risk manager's verdicts and what it knows about the account as a whole.
import { z } from 'zod'
import { DenialReason } from './denial.ts'
import { defineMessage, type PayloadOf } from './message.ts'
import {
  AccountName,
  AmountText,
  Asset,
  DecimalText,
  Instant,
  MarketSymbol,
  PriceText,
  Purpose,
  QuantityText,
  Side,
  Uuid,
  VenueName,
} from './primitives.ts'

const verdict = {
  decisionId: Uuid,
  intentId: Uuid,
  strategy: z.string().min(1).max(64),
  account: AccountName,
  venue: VenueName,
  symbol: MarketSymbol,
  side: Side,
  purpose: Purpose,
}

export const IntentApproved = defineMessage('risk.intent.approved.v1', {
  summary: 'An intent may be executed, up to this quantity, with what is reserved for it.',
  payload: z.strictObject({
    ...verdict,
    quantity: QuantityText,
    /** Entry: the worst price that the reservation covers. Null for an exit at the market. */
    limitPrice: PriceText.nullable(),
    /** The market price that the decision was made with. */
    referencePrice: PriceText,
    /** What the intent reckoned with, and when that price was true: slippage is measured against it. */
    expectedPrice: PriceText.optional(),
    expectedPriceAt: Instant.optional(),
    reservation: z.strictObject({ reservationId: Uuid, asset: Asset, amount: AmountText }),
    stopLossPrice: PriceText.nullable(),
    takeProfitPrice: PriceText.nullable(),
    sizing: z.strictObject({
      /** How the size was found, `balance-share`. */
      method: z.string().min(1),
      /** Every change made to it afterwards, in order, `min-lot-adjusted`. */
      adjustments: z.array(z.string().min(1)),
    }),
    expiresAt: Instant,
  }),
})
export type IntentApproved = PayloadOf<typeof IntentApproved>

export const IntentDenied = defineMessage('risk.intent.denied.v1', {
  summary: 'An intent may not be executed, with all reasons.',
  payload: z.strictObject({ ...verdict, reasons: z.array(DenialReason).min(1) }),
})
export type IntentDenied = PayloadOf<typeof IntentDenied>

export const RegimeChanged = defineMessage('risk.regime.changed.v1', {
  summary: 'The drawdown regime of an account changed.',
  payload: z.strictObject({
    account: AccountName,
    from: z.enum(['normal', 'defense', 'halt']),
    to: z.enum(['normal', 'defense', 'halt']),
    drawdownPercent: z.number().min(0),
    reason: z.string().max(500),
  }),
})
export type RegimeChanged = PayloadOf<typeof RegimeChanged>

export const EquityValued = defineMessage('risk.equity.valued.v1', {
  summary: 'The account, asset by asset, valued at the newest prices.',
  payload: z.strictObject({
    account: AccountName,
    currency: Asset,
    equity: DecimalText,
    assets: z.array(
      z.strictObject({
        asset: Asset,
        total: AmountText,
        reserved: AmountText,
        /** Null when nobody knows a price. */
        price: PriceText.nullable(),
        value: AmountText.nullable(),
      }),
    ),
    /** Assets held that have no price. */
    unpriced: z.array(Asset),
    /** How many of the assets held have a price. */
    coverage: z.strictObject({ assets: z.int().min(0), priced: z.int().min(0) }).optional(),
    /** The largest, each with its share of the whole, 0.25 for a quarter. */
    topHoldings: z.array(z.strictObject({ asset: Asset, share: DecimalText })).optional(),
    /** Assets that are valued at an old price, for none comes: no loss, and not to be trusted. */
    faults: z
      .array(
        z.strictObject({
          asset: Asset,
          cause: z.enum(['price_missing', 'price_stale']),
          price: PriceText,
          value: AmountText,
          /** Of the price that is used. */
          since: Instant,
        }),
      )
      .optional(),
    /** The sub-ledgers of strategies, `*` that of all without one; their cash sums to the account's. */
    budgets: z
      .array(
        z.strictObject({
          strategy: z.string().min(1).max(64),
          cash: DecimalText,
          reserved: AmountText,
          /** With what is held at its price. */
          equity: DecimalText,
        }),
      )
      .optional(),
    /** The first valuation of the account: what is found is where it begins. */
    baseline: z.boolean().optional(),
  }),
})
export type EquityValued = PayloadOf<typeof EquityValued>

/**
 * `active` trades, `paused` takes no entries, `flattened` takes none because an operator had the
 * positions closed, `halted` does nothing but protect.
 */
export const TradingState = z
  .enum(['active', 'paused', 'flattened', 'halted'])
  .meta({ id: 'TradingState' })
export type TradingState = z.infer<typeof TradingState>

export const TradingStateChanged = defineMessage('risk.trading-state.changed.v1', {
  summary: 'Whether an account, or one symbol of it, may trade.',
  payload: z.strictObject({
    account: AccountName,
    /** Null when the whole account is meant. */
    symbol: MarketSymbol.nullable(),
    state: TradingState,
    reason: z.string().max(500),
  }),
})
export type TradingStateChanged = PayloadOf<typeof TradingStateChanged>
