import { defineAgent } from '@flotilla/fleet'
import { GatewayConfig } from './config.ts'
import { Gateway } from './service.ts'

export const agent = defineAgent({
  name: 'gateway',
  config: GatewayConfig,
  needs: ['bus', 'ledger'],
  create: (deps) => new Gateway(deps),
})

export type { GatewayConfig } from './config.ts'
export * from './core/index.ts'
