export type { SimulatorConfig, SimulatorConfigInput } from './config.ts'
export { symbolsInside } from './recordings/recorded-symbols.ts'
export { createSimulator } from './service.ts'
export type { Simulator, SimulatorOptions } from './simulator.ts'
