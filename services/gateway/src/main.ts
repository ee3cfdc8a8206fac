import { runAgent } from '@flotilla/fleet'
import { agent } from './index.ts'

await runAgent(agent)
