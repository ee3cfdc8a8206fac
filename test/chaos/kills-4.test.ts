// `kill -9` of execution, a process of its own over RabbitMQ and PostgreSQL, at the points of what it does
// where nothing rests, of a conversion, and of the further ways out,
// with the outcomes at the venue.
import { afterAll, beforeAll, describe, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { freshVhost, sharedRabbit } from '../support/rabbitmq-shared.ts'
import { beginLives, type Lives } from './support/kill-run.ts'
import { deathsOf } from './support/kill-table.ts'

const rabbit = await sharedRabbit()

const modes = [
  'supervised',
  'convert',
  'trailing',
  'trailing-stop',
  'ladder',
  'holding',
  'kept',
] as const

describe.each(modes)('execution under %s, killed with -9,', (mode) => {
  describe.skipIf(rabbit === null || !hasPostgres)('', () => {
    let lives: Lives
    beforeAll(async () => {
      lives = await beginLives(await freshVhost(rabbit), mode)
    })
    afterAll(() => lives.close())

    it.each(deathsOf(mode))('$name', { timeout: 300_000 }, (death) => lives.run(death))
  })
})
