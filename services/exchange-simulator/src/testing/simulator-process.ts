// A simulator in a process of its own, for tests that kill it: folder and config are its arguments.
import { createSimulator, type SimulatorConfigInput } from '../index.ts'

const [folder = '', config = '{}'] = process.argv.slice(2)
const simulator = createSimulator({ config: JSON.parse(config) as SimulatorConfigInput, folder })
await simulator.start()
process.send?.({ url: simulator.url, controlUrl: simulator.controlUrl, now: simulator.now() })
