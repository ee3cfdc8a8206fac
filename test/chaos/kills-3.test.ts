// `kill -9` of execution, a process of its own over RabbitMQ and PostgreSQL, at the points of what it does where exits
// come with the entry, or only a stop rests, with the outcomes at the venue.
import { describeDeaths } from './support/kill-suite.ts'

for (const mode of ['attached', 'stop'] as const) describeDeaths(mode)
