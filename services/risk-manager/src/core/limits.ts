import type { Decimal } from '@flotilla/money'
import type { DrawdownLimits } from './drawdown.ts'
import type { Protections } from './protections.ts'
import type { DayStart } from './trading-day.ts'

export const sizingMethods = ['balance-share', 'fixed-risk', 'volatility-target'] as const

/** How large an entry is, before what the venue and the limits make of it. */
export type Sizing = {
  readonly method: (typeof sizingMethods)[number]
  /** `fixed-risk`: what the account loses when an entry at its worst price is stopped. */
  readonly riskShare: Decimal
  /** `volatility-target`: what a move of the average true range moves the account by. */
  readonly volatilityShare: Decimal
  readonly volatilityPeriod: number
  /** After this, candles say nothing about how the market moves now. */
  readonly historyAgeMaxMs: number
  /** The part of its size that an entry of the least accepted confidence gets; 1 scales nothing. */
  readonly confidenceScaleMin: Decimal
  /** How much of what the order book offers up to the worst price an entry may take. */
  readonly depthShareMax: Decimal
  readonly depthAgeMaxMs: number
  /** Of the buying power, where not even one step can be bought for the size. */
  readonly expensiveAssetShare: Decimal
  /** Base assets that are traded in whole units, as shares of a company are. */
  readonly wholeUnitAssets: ReadonlySet<string>
}

/** Shares of the account's value, beside the cap on all that is at risk; 1 caps nothing. */
export type Caps = {
  readonly symbolShareMax: Decimal
  readonly assetShareMax: Decimal
  readonly correlatedShareMax: Decimal
  /** From here on two symbols are one bet. */
  readonly correlationMin: number
  readonly correlationCandles: number
}

/** What the trader allows. Shares are of one: 0.25 is a quarter. */
export type Limits = {
  /** That intents name; what is approved is traded at the account's own. */
  readonly venue: string
  readonly symbols: ReadonlySet<string>
  /** Of an entry, 0 to 100; an exit is never held up by it. */
  readonly confidenceMin: number
  readonly priceAgeMaxMs: number
  /** The share of the quote balance that one entry takes. */
  readonly balanceShare: Decimal
  /** `balance`: of all that is held, reserved or not. `available`: of what is not reserved. */
  readonly shareOf: 'balance' | 'available'
  /** Digits after the point of an asset when it is money, `USDT: 2`. */
  readonly moneyScales: ReadonlyMap<string, number>
  readonly sizing: Sizing
  /** How much worse than the reference price an entry may be filled. */
  readonly slippageMax: Decimal
  /** Distance of the stop and of the take-profit where the intent suggests none. */
  readonly stopLossShare: Decimal
  readonly takeProfitShare: Decimal
  /** A size below the venue's minimum is raised to it when money and limits allow. */
  readonly raiseToMinimum: boolean
  /** Used only where the venue itself has no minimum. */
  readonly notionalMinDefault: Decimal
  /** Positions, entries on their way and the new one together, as a share of the account's value. */
  readonly exposureShareMax: Decimal
  readonly dayStart: DayStart
  /** Of what the account was worth when the day began: from then on no entries, until the next one. */
  readonly dailyLossMax: Decimal
  readonly drawdown: DrawdownLimits
  readonly protections: Protections
  readonly caps: Caps
  /** What part of the account a strategy may use; empty: all share all of it. */
  readonly budgets: ReadonlyMap<string, Decimal>
  readonly openPositionsMax: number
  readonly addToPositions: boolean
}

/** Assets whose money scale nobody configured are counted as finely as venues do. */
const moneyScaleDefault = 8

export function moneyScaleOf(limits: Limits, asset: string): number {
  return limits.moneyScales.get(asset) ?? moneyScaleDefault
}
