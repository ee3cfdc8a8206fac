import type { FleetConfig } from '@flotilla/fleet'
import { formatIndicator } from '@flotilla/indicators'
import { indicatorsNeededBy } from '@flotilla/strategy'
import type { StrategyConfig } from '@flotilla/strategy'
import type { TechnicalAnalysisConfig } from '@flotilla/technical-analysis'

/**
 * What the configured strategies look at is computed without being asked for a second time. Neither
 * agent can know this: only who starts both of them sees both sections.
 */
export function neededIndicators(config: FleetConfig): string[] {
  const strategy = config.section('strategy') as StrategyConfig
  const { indicators } = config.section('technical-analysis') as TechnicalAnalysisConfig
  const needed = indicatorsNeededBy(strategy).map(formatIndicator)
  return [...new Set([...indicators, ...needed])]
}

export function withNeededIndicators(config: FleetConfig): FleetConfig {
  const analysis = config.section('technical-analysis') as TechnicalAnalysisConfig
  const complete = { ...analysis, indicators: neededIndicators(config) }
  return {
    ...config,
    section: (agent) => (agent === 'technical-analysis' ? complete : config.section(agent)),
  }
}
