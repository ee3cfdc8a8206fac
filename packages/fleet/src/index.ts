export { defineAgent } from './agent.ts'
export type { Agent, AgentDeps, AgentSpec, PortName, Ports, Readiness } from './agent.ts'
export { liveConfirmationPhrase, SharedConfigSchema } from './shared-config.ts'
export type { SharedConfig } from './shared-config.ts'
