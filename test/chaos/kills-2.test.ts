// `kill -9` of execution, a process of its own over RabbitMQ and PostgreSQL, at every point of placing a bracket and replacing one,
// with each outcome at the venue.
import { describeDeaths } from './support/kill-suite.ts'

describeDeaths('pair', 'a bracket', 'a replace')
