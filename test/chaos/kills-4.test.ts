// `kill -9` of execution, a process of its own over RabbitMQ and PostgreSQL, at the points of what it does where nothing
// rests, of a conversion, and of the further ways out, with the outcomes at the venue.
import { describeDeaths } from './support/kill-suite.ts'

const modes = [
  'supervised',
  'convert',
  'trailing',
  'trailing-stop',
  'ladder',
  'holding',
  'kept',
] as const

for (const mode of modes) describeDeaths(mode)
