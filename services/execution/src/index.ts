import { defineAgent } from '@flotilla/fleet'
import { ExecutionConfig } from './config.ts'
import { Execution } from './service.ts'
import { warningsOf } from './settings.ts'

export const agent = defineAgent({
  name: 'execution',
  config: ExecutionConfig,
  needs: ['bus', 'ledger', 'venue'],
  warnings: warningsOf,
  create: (deps) => new Execution(deps),
})

export type { ExecutionConfig } from './config.ts'
export * from './core/index.ts'
