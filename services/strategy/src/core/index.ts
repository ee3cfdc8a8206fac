export { freshMemory, isOrderEnd, onAnalysis, onDenied, onFlat, onOrderEnded } from './desk.ts'
export type {
  AnalysisDecision,
  Desk,
  DeskLimits,
  DeskMemory,
  OpenIntent,
  Surroundings,
} from './desk.ts'
export {
  lastDueAt,
  nextDueAt,
  parseEngineMemory,
  review,
  sameFilters,
  windowStart,
} from './filter-engine.ts'
export type { ClosedTrade, DynamicFilters, EngineMemory, Review } from './filter-engine.ts'
export type { Filters, Quote, Withheld } from './filters.ts'
export { parseMemory } from './memory.ts'
export { newer, positionOf } from './position.ts'
export type { KnownPosition } from './position.ts'
export { newerQuote, quoteOf } from './quote.ts'
export {
  afterFailure,
  afterFill,
  afterTrade,
  freshRecord,
  isOrderFailure,
  parseRecord,
} from './symbol-record.ts'
export type { SymbolLimits, SymbolRecord } from './symbol-record.ts'
