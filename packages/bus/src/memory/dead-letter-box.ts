import type { DeadLetter, DeadLetterFilter, DeadLetters } from '../bus.ts'
import { namesIn } from '../codec.ts'
import type { QueueSpec } from '../topology.ts'

/** What the in-process broker has given up on, oldest first. */
export class DeadLetterBox implements DeadLetters {
  #letters: DeadLetter[] = []
  #sequence = 0
  #now: () => number
  #putBack: (queue: string, body: string) => void

  constructor(options: { now: () => number; putBack: (queue: string, body: string) => void }) {
    this.#now = options.now
    this.#putBack = options.putBack
  }

  add(queue: QueueSpec, item: { body: string; deliveryCount: number }, reason: string): DeadLetter {
    this.#sequence += 1
    const letter: DeadLetter = {
      id: `${queue.name}#${this.#sequence}`,
      agent: queue.agent,
      queue: queue.name,
      ...namesIn(item.body),
      reason,
      deliveryCount: item.deliveryCount,
      deadLetteredAt: new Date(this.#now()).toISOString(),
      body: item.body,
    }
    this.#letters.push(letter)
    return letter
  }

  async list(filter: DeadLetterFilter = {}): Promise<readonly DeadLetter[]> {
    return this.#choose(filter)
  }

  async requeue(filter: DeadLetterFilter = {}): Promise<number> {
    const letters = this.#choose(filter)
    for (const letter of letters) this.#putBack(letter.queue, letter.body)
    return this.#remove(letters)
  }

  async discard(filter: DeadLetterFilter = {}): Promise<number> {
    return this.#remove(this.#choose(filter))
  }

  #choose({ agent, ids, limit = 100 }: DeadLetterFilter): readonly DeadLetter[] {
    const matches = this.#letters.filter((letter) => {
      return (
        (agent === undefined || letter.agent === agent) &&
        (ids === undefined || ids.includes(letter.id))
      )
    })
    return matches.slice(0, limit)
  }

  #remove(letters: readonly DeadLetter[]): number {
    const gone = new Set(letters)
    this.#letters = this.#letters.filter((letter) => !gone.has(letter))
    return gone.size
  }
}
