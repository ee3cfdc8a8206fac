export { Analysis } from './analysis.ts'
export type { AnalysedCandle, AnalysedSeries, Step } from './analysis.ts'
export { findPositions, rangeName, read, readingIndicators } from './readings.ts'
export type { ReadingPositions, Readings } from './readings.ts'
