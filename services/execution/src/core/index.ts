export type { Answer, Desk, Draft, Effect, Input, Market, Note, Settings } from './desk.ts'
export { emptyDesk } from './desk.ts'
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
export { step } from './step.ts'
export { compareWithVenue, type Comparison, type Difference } from './compare.ts'
