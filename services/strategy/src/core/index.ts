export { freshMemory, isOrderEnd, onAnalysis, onDenied, onFlat, onOrderEnded } from './desk.ts'
export type {
  AnalysisDecision,
  Desk,
  DeskLimits,
  DeskMemory,
  OpenIntent,
  Surroundings,
  WithheldReason,
} from './desk.ts'
export { parseMemory } from './memory.ts'
export { newer, positionOf } from './position.ts'
export type { KnownPosition } from './position.ts'
