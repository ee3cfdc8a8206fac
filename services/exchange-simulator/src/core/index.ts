export { amendOrder } from './amend.ts'
export type { NewOrder } from './checks.ts'
export { acceptQuote, findConversion, quoteConversion } from './convert.ts'
export { findByName } from './client-names.ts'
export { createEngine, drainChanges } from './engine.ts'
export { createGappedTape } from './gaps.ts'
export { createHistory, REFERENCE_SECONDS } from './history.ts'
export type { Bar, TapeTrade } from './history.ts'
export { intervalOf, zoneMinutes } from './intervals.ts'
export type { Interval } from './intervals.ts'
export { bestOf, TRADE_IDS_PER_SECOND } from './matching.ts'
export { submitOco, submitPendingList } from './order-lists.ts'
export type { ListSubmission, NewOco, NewPendingList } from './order-lists.ts'
export {
  OCO_PARAMETERS,
  OLD_OCO_PARAMETERS,
  pendingListParameters,
  readOco,
  readOldOco,
  readPendingList,
} from './list-parameters.ts'
export { ORDER_PARAMETERS, readOrder } from './order-parameters.ts'
export type { Names } from './order-parameters.ts'
export {
  CANCEL_RESTRICTIONS,
  cancelList,
  cancelOrder,
  checkOrder,
  checkRestriction,
  findOrder,
  submitOrder,
} from './orders.ts'
export type { Cancellation, CancelRestriction, OrderName, Submission } from './orders.ts'
export { members } from './order-queue.ts'
export { ParameterReader } from './parameters.ts'
export type { Parameters } from './parameters.ts'
export { candleOf, createExactTape } from './prints.ts'
export type { PrintLog } from './prints.ts'
export { createRandom, hashText, mix } from './random.ts'
export type { Random } from './random.ts'
export { createRecordedTape, readRecording } from './recorded.ts'
export type { Recording } from './recorded.ts'
export { createTradeTape, readBooks, readTrades } from './recorded-trades.ts'
export type { TradeRecording } from './recorded-trades.ts'
export { isRefusal, refuse, refusals } from './refusal.ts'
export type { Refusal } from './refusal.ts'
export { ordersOf } from './legs.ts'
export { restoreEngine } from './restore.ts'
export type { Remembered } from './restore.ts'
export { REPLACE_MODES, replaceOrder } from './replace.ts'
export type { Replaced, Replacement } from './replace.ts'
export { createScriptedTape } from './script.ts'
export type { PriceScript } from './script.ts'
export { addStep } from './script-steps.ts'
export type { ScriptStep } from './script-steps.ts'
export { advance, openMarkets } from './simulation.ts'
export type { Feed, Simulation } from './simulation.ts'
export { profileOf, rulesOf } from './symbol-rules.ts'
export { createMood, createSyntheticTape } from './synthetic.ts'
export { MINUTE_MS, minuteOf, SECOND_MS } from './tape.ts'
export type { Book, Candle, Print, Tape } from './tape.ts'
export { touched } from './touched.ts'
export { expireByVenue, forceFill, freeze, withoutOrders } from './mischief.ts'
export { lockedOutside, moveFunds } from './transfers.ts'
export type { FundsMove } from './transfers.ts'
export { movePrice } from './triggers.ts'
export type { Move } from './triggers.ts'
export {
  HALTS,
  isLive,
  isStop,
  ORDER_TYPES,
  remainingOf,
  SELF_TRADE_MODES,
  statusOf,
  TIMES_IN_FORCE,
  visibleOf,
} from './types.ts'
export type {
  Amendment,
  Changes,
  Conversion,
  Engine,
  FundsEvent,
  Holding,
  Level,
  LevelSource,
  ListEvent,
  ListKind,
  Market,
  Order,
  OrderEvent,
  OrderList,
  OrderType,
  PreventedMatch,
  Prevention,
  SelfTradeMode,
  Side,
  SymbolRules,
  Trade,
} from './types.ts'
export {
  decimalsOfStep,
  floorToStep,
  formatUnits,
  larger,
  multiply,
  ONE,
  parseUnits,
  roundToStep,
  units,
} from './units.ts'
