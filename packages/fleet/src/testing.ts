// An agent that does nothing but live, as a program: what surrounds every agent is tested with it.
import { z } from 'zod'
import { defineAgent } from './agent.ts'
import { runAgent } from './run-agent.ts'

const sample = defineAgent({
  name: process.env['SAMPLE_AGENT'] === 'execution' ? 'execution' : 'strategy',
  config: z.strictObject({ greeting: z.string().default('hello') }),
  needs: ['bus'],
  create: ({ config, context, shared, marketVenue }) => ({
    start: () => {
      const { id: account } = shared.account
      context.logger.info({ greeting: config.greeting, account, marketVenue }, 'sample started')
      return Promise.resolve()
    },
    stop: () => Promise.resolve(),
    readiness: () => ({ ready: true, detail: {} }),
  }),
})

await runAgent(sample)
