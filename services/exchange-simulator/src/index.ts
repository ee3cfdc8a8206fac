export { SimulatorConfigSchema } from './config.ts'
export type { SimulatorConfig, SimulatorConfigInput } from './config.ts'
export { createSimulator } from './service.ts'
export type { Simulator, SimulatorOptions } from './simulator.ts'
