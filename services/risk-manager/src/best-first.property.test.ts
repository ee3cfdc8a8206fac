// Of those who wait for the account at the same moment the best goes first, none is passed over for ever,
// and the same arrivals in the same order give the same decisions.
import { setImmediate } from 'node:timers/promises'
import type { UnitOutcome } from '@flotilla/ledger'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareRanks, type Rank, type Turn } from './core/index.ts'
import { AccountDesk } from './desk.ts'
import { Line } from './line.ts'
import { book } from './testing.ts'

const ranks = fc.record({
  purpose: fc.constantFrom('entry' as const, 'exit' as const),
  priority: fc.integer({ min: -1, max: 1 }),
  confidence: fc.integer({ min: 50, max: 55 }),
})
type Asked = { readonly rank: Rank; overtaken: number }

/** What the line should do, said by counting: who waits, in the order of asking. */
class Model {
  waiting: Asked[] = []
  overtakenMost = 0

  join(rank: Rank): void {
    this.waiting.push({ rank, overtaken: 0 })
  }

  next(overtakenMax: number): string {
    const oldest = this.waiting[0]!
    const best = this.waiting.reduce((one, other) =>
      compareRanks(other.rank, one.rank) < 0 ? other : one,
    )
    const next = oldest.overtaken >= overtakenMax ? oldest : best
    const place = this.waiting.indexOf(next)
    this.waiting.splice(place, 1)
    for (const each of this.waiting.slice(0, place)) {
      each.overtaken += 1
      this.overtakenMost = Math.max(this.overtakenMost, each.overtaken)
    }
    return next.rank.intentId
  }
}

it('whoever joins when, the best of the line is next, or who was overtaken too often', () => {
  const steps = fc.array(fc.oneof({ weight: 3, arbitrary: ranks }, fc.constant(null)), {
    maxLength: 400,
    size: 'max',
  })
  let overtaken = 0
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (joining, overtakenMax) => {
      const line = new Line<Rank>(overtakenMax)
      const model = new Model()
      const went: (string | undefined)[] = []
      const expected: string[] = []
      // After all have come, all go.
      const rest = joining.map(() => null)
      for (const [index, step] of [...joining, ...rest].entries()) {
        if (step !== null) {
          const rank = { ...step, intentId: String(index) }
          line.join(rank, rank)
          model.join(rank)
        } else if (model.waiting.length > 0) {
          expected.push(model.next(overtakenMax))
          const next = line.next()
          went.push(next?.waiter.intentId)
          if (next?.turn?.because === 'overtaken') overtaken += 1
        }
      }
      expect(went).toEqual(expected)
      expect(line.length).toBe(0)
      expect(model.overtakenMost).toBeLessThanOrEqual(overtakenMax)
    }),
    { numRuns: 100, seed: propertySeed },
  )
  expect(overtaken).toBeGreaterThan(0)
})

const batches = fc.array(fc.array(ranks, { minLength: 1, maxLength: 50 }), {
  minLength: 1,
  maxLength: 6,
})
const outcomes = fc.array(
  fc.constantFrom<UnitOutcome>(
    { kind: 'committed' },
    { kind: 'abandoned' },
    { kind: 'refused', constraint: 'outbox_message_unique', detail: '' },
  ),
  { maxLength: 60 },
)
/** Whatever follows from a turn has happened before the next one. */
const act = async (turn: () => Promise<void>): Promise<void> => {
  await turn()
  await setImmediate()
}

it('whatever commits and rebuilds come between, the desk decides the best of those who wait', async () => {
  const turns: Turn[] = []
  await fc.assert(
    fc.asyncProperty(fc.scheduler({ act }), batches, outcomes, async (scheduler, asked, said) => {
      const world = new World(scheduler, said)
      await scheduler.waitFor(Promise.all(asked.map((batch) => world.askLater(batch))))
      for (const { decided } of world.all) expect(decided).toBeGreaterThan(0)
      turns.push(...world.turns)
    }),
    { numRuns: 100, seed: propertySeed },
  )
  expect(turns.length).toBeGreaterThan(0)
})

type Asking = { readonly rank: Rank; waits: boolean; decided: number }

class World {
  readonly all: Asking[] = []
  readonly turns: Turn[] = []
  readonly #scheduler: fc.Scheduler
  readonly #desk: AccountDesk

  constructor(scheduler: fc.Scheduler, said: readonly UnitOutcome[]) {
    this.#scheduler = scheduler
    const left = [...said]
    this.#desk = new AccountDesk(book({}), {
      submit: () => {
        const outcome = left.shift() ?? { kind: 'committed' }
        return scheduler.schedule(Promise.resolve(outcome), outcome.kind)
      },
      load: () => scheduler.schedule(Promise.resolve(book({})), 'load'),
      wasProcessed: async () => false,
    })
  }

  async askLater(batch: readonly Omit<Rank, 'intentId'>[]): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), 'ask')
    const works = batch.map((rank) => this.#ask(rank))
    await Promise.all(works)
  }

  async #ask(wanted: Omit<Rank, 'intentId'>): Promise<void> {
    const rank = { ...wanted, intentId: String(this.all.length) }
    const asking = { rank, waits: false, decided: 0 }
    this.all.push(asking)
    const work = this.#desk.work({
      message: null,
      mayBeOld: false,
      rank,
      decide: (_, turn) => {
        this.#check(asking, turn)
        return { changes: [], records: [], outgoing: [] }
      },
    })
    // It stands in line by now, unless it had its turn at once.
    await setImmediate()
    asking.waits = asking.decided === 0
    await work
  }

  #check(asking: Asking, turn: Turn | null): void {
    asking.waits = false
    asking.decided += 1
    const waiting = this.all.filter(({ waits }) => waits)
    for (const { rank } of waiting) expect(compareRanks(asking.rank, rank)).toBeLessThanOrEqual(0)
    if (turn === null) return
    this.turns.push(turn)
    expect(turn.because).not.toBe('overtaken')
  }
}
