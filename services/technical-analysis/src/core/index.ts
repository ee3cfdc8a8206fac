export { Analysis } from './analysis.ts'
export type { AnalysedCandle, AnalysedSeries, Levels, Step } from './analysis.ts'
export { findPositions, rangeName, read, readingIndicators, volatilityNames } from './readings.ts'
export type { ReadingPositions, Readings } from './readings.ts'
