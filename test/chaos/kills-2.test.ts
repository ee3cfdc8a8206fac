// `kill -9` of execution, a process of its own over RabbitMQ and PostgreSQL, at every point of placing a bracket and replacing one,
// with each outcome at the venue.
import { afterAll, beforeAll, describe, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { freshVhost, sharedRabbit } from '../support/rabbitmq-shared.ts'
import { beginLives, type Lives } from './support/kill-run.ts'
import { deathsOf } from './support/kill-table.ts'

const rabbit = await sharedRabbit()

describe.skipIf(rabbit === null || !hasPostgres)('execution, killed with -9,', () => {
  let lives: Lives
  beforeAll(async () => {
    lives = await beginLives(await freshVhost(rabbit))
  })
  afterAll(() => lives.close())

  it.each(deathsOf('pair', 'a bracket', 'a replace'))('$name', { timeout: 300_000 }, (death) =>
    lives.run(death),
  )
})
