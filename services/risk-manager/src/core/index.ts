export { assess } from './assess.ts'
export type { ApprovedIntent, CheckRecord, Question, Verdict } from './assess.ts'
export {
  applyAll,
  assetsOf,
  availableOf,
  createBook,
  fundsOf,
  notePrice,
  noteRules,
} from './book.ts'
export type { Book, BookChange, BookSnapshot, Funds, OpenReservation, PriceQuote } from './book.ts'
export { decide, decisionIdOf, reservationIdOf } from './decide.ts'
export type { Decided, IntentMessage, Work } from './decide.ts'
export type { DrawdownLimits, Regime } from './drawdown.ts'
export { compareRanks, rankOf, turnBefore } from './intent-order.ts'
export type { Rank, Turn } from './intent-order.ts'
export { isTimeZone } from './trading-day.ts'
export type { Trim } from './trim.ts'
export { planTrim, positionsAtRisk, takeTrim } from './trim.ts'
export { reservationEvents, reservationLife } from './reservation.ts'
export { takeStock } from './take-stock.ts'
export { barsMax, noteBar } from './history.ts'
export type { Bar } from './history.ts'
export { sizingMethods } from './limits.ts'
export type { Protections } from './protections.ts'
export type { Caps, Limits, Sizing } from './limits.ts'
export { fitnessChanges } from './market-fitness.ts'
export type { FitnessMessage } from './market-fitness.ts'
export { needsStoredPrice } from './prices.ts'
export type { PriceSource } from './prices.ts'
export type { Shortfall } from './settlement.ts'
export { takeCommand } from './commands.ts'
export type { CommandMessage } from './commands.ts'
export { takeMarket, takeOrder } from './take.ts'
export type { MarketMessage, OrderMessage } from './take.ts'
export { exposureOf, netAssetValue, valueAccount } from './valuation.ts'
export { waitingFor } from './waiting.ts'
export type { Waiting } from './waiting.ts'
export { expiryOf, lookForgotten, withdraw } from './withdrawal.ts'
export type { Forgotten, Withdrawal } from './withdrawal.ts'
