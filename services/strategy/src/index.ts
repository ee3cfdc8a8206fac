import { defineAgent } from '@flotilla/fleet'
import { StrategyConfig } from './config.ts'
import { StrategyAgent } from './service.ts'

export const agent = defineAgent({
  name: 'strategy',
  config: StrategyConfig,
  needs: ['bus', 'ledger'],
  create: (deps) => new StrategyAgent(deps),
})

export type { StrategyConfig } from './config.ts'
export { indicatorsNeededBy } from './config.ts'
export * from './core/index.ts'
