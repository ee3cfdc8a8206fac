import type { Simulator, SimulatorOptions } from './simulator.ts'
export function createSimulator(_options: SimulatorOptions): Simulator {
  throw new Error('the simulator is being built')
}
