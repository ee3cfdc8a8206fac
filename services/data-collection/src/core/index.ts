export { revisionOf } from './corrections.ts'
export type { Revision } from './corrections.ts'
export { assessFreshness } from './freshness.ts'
export type { FreshnessChange, FreshnessLimits, SymbolAges } from './freshness.ts'
export { holesBetween } from './holes.ts'
export {
  bookMessage,
  candleMessage,
  historyMessages,
  fixOf,
  sourceMessage,
  symbolMessage,
  tickerMessage,
  universeMessage,
} from './messages.ts'
export type { Series, SourceFix } from './messages.ts'
export {
  createSequence,
  emptyAnswersMax,
  gapOf,
  observe,
  observeAnswer,
  recentMax,
} from './sequence.ts'
export type { Gap, Sequence, SequenceCounts, SequenceDecision } from './sequence.ts'
export { afterFault, healthy, jitterOf, mayAsk, mustProbe } from './source-health.ts'
export type { BackoffLimits, SourceFault, SourceHealth } from './source-health.ts'
export {
  closed,
  dropped,
  heard,
  isSilent,
  isTrusted,
  mayOpen,
  modeOf,
  opened,
  opening,
  provenBy,
  streamAtStart,
} from './stream-health.ts'
export type { StreamHealth, StreamLimits, StreamMode } from './stream-health.ts'
export { believeClosed, skewOf } from './venue-clock.ts'
export type { TimeQuestion } from './venue-clock.ts'
export { volumeIn } from './market-value.ts'
export type { PricedMarket } from './market-value.ts'
export { matchesAny } from './patterns.ts'
export { assessUniverse, tiers, universeReasons } from './universe.ts'
export type {
  Candidate,
  Tier,
  TierRule,
  Universe,
  UniverseDecision,
  UniverseEntry,
  UniverseReason,
  UniverseRules,
} from './universe.ts'
