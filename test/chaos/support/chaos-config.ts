// The settings of both agents, the same in this process and in one of its own.
import { symbol } from './messages.ts'

export const chaosConfig = `
symbols: [${symbol}]
simulator: { speed: 1 }
heartbeat: { intervalMs: 3600000 }
risk:
  balanceShare: 0.05
  addToPositions: true
  exposureShareMax: 1
  stopLossShare: 0.02
  takeProfitShare: 0.02
  leaseMs: 600000
execution: { leaseMs: 600000 }
`

/** The same with further settings of execution, as YAML. */
export function chaosConfigWith(settings: string): string {
  if (settings === '') return chaosConfig
  return chaosConfig.replace('execution: { ', `execution: { ${settings}, `)
}
