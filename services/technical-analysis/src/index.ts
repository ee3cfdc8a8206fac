import { defineAgent } from '@flotilla/fleet'
import { TechnicalAnalysisConfig } from './config.ts'
import { TechnicalAnalysis } from './service.ts'

export const agent = defineAgent({
  name: 'technical-analysis',
  config: TechnicalAnalysisConfig,
  needs: ['bus', 'marketStore'],
  create: (deps) => new TechnicalAnalysis(deps),
})

export type { TechnicalAnalysisConfig } from './config.ts'
export * from './core/index.ts'
