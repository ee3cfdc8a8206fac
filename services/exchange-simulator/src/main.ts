import { runSimulator } from './own-process.ts'

await runSimulator()
