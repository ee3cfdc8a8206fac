import { defineAgent } from '@flotilla/fleet'
import { RiskManagerConfig } from './config.ts'
import { RiskManager } from './service.ts'

export const agent = defineAgent({
  name: 'risk-manager',
  config: RiskManagerConfig,
  needs: ['bus', 'ledger', 'marketStore', 'venue'],
  create: (deps) => new RiskManager(deps),
})

export { limitsOf, type RiskManagerConfig } from './config.ts'
export * from './core/index.ts'
