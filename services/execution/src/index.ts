import { defineAgent } from '@flotilla/fleet'
import { ExecutionConfig } from './config.ts'
import { Execution } from './service.ts'

export const agent = defineAgent({
  name: 'execution',
  config: ExecutionConfig,
  needs: ['bus', 'ledger', 'venue'],
  create: (deps) => new Execution(deps),
})

export type { ExecutionConfig } from './config.ts'
export * from './core/index.ts'
