// `kill -9` of execution, a process of its own over RabbitMQ and PostgreSQL, at every point of sending an order and a cancel,
// with each outcome at the venue.
import { describeDeaths } from './support/kill-suite.ts'

describeDeaths('pair', 'an order', 'a cancel')
