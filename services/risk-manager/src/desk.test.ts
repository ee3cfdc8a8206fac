import { setImmediate } from 'node:timers/promises'
import type { Unit, UnitOutcome } from '@flotilla/ledger'
import { expect, it } from 'vitest'
import { AccountDesk, type Task } from './desk.ts'
import { book } from './testing.ts'
import type { Work } from './core/index.ts'

const nothing: Work = { changes: [], records: [], outgoing: [] }
const committed: UnitOutcome = { kind: 'committed' }

function deskWith(submit: (unit: Unit) => Promise<UnitOutcome>, load = async () => book({})) {
  return new AccountDesk(book({}), { submit, load, wasProcessed: async () => false })
}

const task = (decide: Task<Work>['decide']): Task<Work> => ({
  message: null,
  mayBeOld: false,
  decide,
})

it('many that ask at once are decided in their order, and the event loop has its turns between', async () => {
  const order: number[] = []
  const turns: number[] = []
  const desk = deskWith(async () => committed)
  const all = Array.from({ length: 200 }, (_, number) =>
    desk.work(
      task(() => {
        order.push(number)
        return nothing
      }),
    ),
  )
  while (order.length < 200) {
    await setImmediate()
    turns.push(order.length)
  }
  await Promise.all(all)
  expect(order).toEqual(order.map((_, index) => index))
  const stretches = turns.map((decided, index) => decided - (turns[index - 1] ?? 0))
  expect(Math.max(...stretches)).toBeLessThan(200)
})

it('one that cannot be decided fails alone', async () => {
  const desk = deskWith(async () => committed)
  const fails = desk.work(
    task(() => {
      throw new Error('not this one')
    }),
  )
  const goes = desk.work(task(() => nothing))
  await expect(fails).rejects.toThrow('not this one')
  expect((await goes).kind).toBe('committed')
})

it('nobody decides on a doubtful book, and those who asked fail when it cannot be loaded', async () => {
  const away = async () => Promise.reject(new Error('the ledger is away'))
  const desk = deskWith(
    async () => ({ kind: 'refused', constraint: 'outbox_message_unique', detail: '' }),
    away,
  )
  let decided = 0
  const works = Array.from({ length: 3 }, () =>
    desk.work(
      task(() => {
        decided++
        return nothing
      }),
    ),
  )
  const outcomes = await Promise.allSettled(works)
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  // Each once: none of them again on the book that was refused.
  expect(decided).toBe(3)
  await desk.idle()
})
