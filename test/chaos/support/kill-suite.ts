import { afterAll, beforeAll, describe, it } from 'vitest'
import { hasPostgres } from '../../support/postgres.ts'
import { freshVhost, sharedRabbit } from '../../support/rabbitmq-shared.ts'
import type { KillModeName } from './kill-deeds.ts'
import { beginLives, type Lives } from './kill-run.ts'
import { deathsOf } from './kill-table.ts'

const rabbit = await sharedRabbit()

/** Deaths of execution where positions are protected in this way: of the deeds named, or of all that there are. */
export function describeDeaths(mode: KillModeName, ...deeds: readonly string[]): void {
  describe.skipIf(rabbit === null || !hasPostgres)(
    `execution under ${mode}, killed with -9,`,
    () => {
      let lives: Lives
      beforeAll(async () => {
        lives = await beginLives(await freshVhost(rabbit), mode)
      })
      afterAll(() => lives.close())

      it.each(deathsOf(mode, ...deeds))('$name', { timeout: 300_000 }, (death) => lives.run(death))
    },
  )
}
