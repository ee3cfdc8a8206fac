export type { Answer, Desk, Draft, Effect, Input, Market, Note, Settings } from './desk.ts'
export { orderOfConversion } from './convert.ts'
export { CONVERT_FAILED } from './convert-failures.ts'
export { emptyDesk } from './desk.ts'
export { exitsKey, exitsOf, type ExitPlan, type Exits } from './exits.ts'
export { closedKey, closedOf, closedText, type ClosedMarket } from './closed-market.ts'
export { fillsThroughKey, fillsThroughOf } from './fills-through.ts'
export { haltKey, haltOf, type Halt } from './halt.ts'
export { tradeKey } from './journal.ts'
export { clientOrderIdOf, isOurName } from './order-id.ts'
export {
  isDoubtful,
  isEnded,
  isWorking,
  nextState,
  orderEvents,
  transitions,
} from './order-life.ts'
export type { OrderEvent } from './order-life.ts'
export { recoverDesk } from './recover.ts'
export type { Records } from './recover.ts'
export { haltDesk, step } from './step.ts'
export { GIVEN_UP_KEPT } from './work.ts'
export {
  assetDifferences,
  assetsOf,
  baselineOf,
  isCalm,
  unknownOrders,
  type AssetDifference,
  type Difference,
  type Holdings,
} from './compare.ts'
export { entriesChanged } from './announce.ts'
