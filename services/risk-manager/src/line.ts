import TinyQueue from 'tinyqueue'
import { compareRanks, turnBefore, type Rank, type Turn } from './core/index.ts'

/**
 * So many intents that asked later may be decided before one that waits, and none more: an eighth of a
 * second of decisions at 8,000 a second. It is more than ever wait at once (128 of each of the four
 * partitions), so that it never changes who is first of those who wait at one moment.
 */
export const overtakenMax = 1_024

type Place<Waiter> = {
  readonly waiter: Waiter
  readonly rank: Rank
  /** How many intents had asked before. */
  readonly number: number
  left: boolean
}

/**
 * Those who wait for the account's book. Who has no rank goes first, in the order of asking: what has
 * happened (orders, commands, a look at the market) is no wish, and may free what an intent needs.
 * Intents follow, the best first.
 */
export class Line<Waiter> {
  #unranked: Waiter[] = []
  /** Who has left stays in both until it is first. */
  #best = queueOf<Waiter>(comparePlaces)
  #oldest = queueOf<Waiter>(compareAges)
  /** Of all intents so far. */
  #asked = 0
  #decided = 0
  readonly #overtakenMax: number

  constructor(most = overtakenMax) {
    this.#overtakenMax = most
  }

  get length(): number {
    return this.#unranked.length + this.#waiting
  }

  get #waiting(): number {
    return this.#asked - this.#decided
  }

  join(waiter: Waiter, rank: Rank | null): void {
    if (rank === null) {
      this.#unranked.push(waiter)
      return
    }
    const place = { waiter, rank, number: this.#asked++, left: false }
    this.#oldest.push(place)
    this.#best.push(place)
  }

  /** Whose turn it is, and why where others have waited longer. */
  next(): { readonly waiter: Waiter; readonly turn: Turn | null } | null {
    const unranked = this.#unranked.shift()
    if (unranked !== undefined) return { waiter: unranked, turn: null }
    const oldest = firstOf(this.#oldest)
    const best = firstOf(this.#best)
    if (oldest === null || best === null) return null
    if (oldest === best) return this.#leave(best, null)
    // All that asked before it are decided: the others that are had asked after it.
    const times = this.#decided - oldest.number
    const waiting = this.#waiting
    return times < this.#overtakenMax
      ? this.#leave(best, turnBefore(oldest.rank, best.rank, waiting))
      : this.#leave(oldest, { waiting, because: 'overtaken', times })
  }

  /** Sends all of them away. */
  clear(): Waiter[] {
    const ranked = this.#oldest.data.filter(({ left }) => !left)
    const all = [...this.#unranked, ...ranked.map(({ waiter }) => waiter)]
    this.#unranked = []
    this.#best = queueOf<Waiter>(comparePlaces)
    this.#oldest = queueOf<Waiter>(compareAges)
    this.#decided = this.#asked
    return all
  }

  #leave(place: Place<Waiter>, turn: Turn | null) {
    place.left = true
    this.#decided += 1
    // Those who were let go before better ones lie at the bottom for as long as better ones come.
    if (this.#best.length > 2 * this.#waiting + leftMax) {
      const waiting = this.#best.data.filter(({ left }) => !left)
      this.#best = queueOf(comparePlaces, waiting)
    }
    return { waiter: place.waiter, turn }
  }
}

/** Who has left is looked for when there are more of them than of those who wait, and than this. */
const leftMax = 64

type Compare = (one: Place<unknown>, other: Place<unknown>) => number

function queueOf<Waiter>(
  compare: Compare,
  waiting: Place<Waiter>[] = [],
): TinyQueue<Place<Waiter>> {
  return new TinyQueue(waiting, compare)
}

function firstOf<Waiter>(queue: TinyQueue<Place<Waiter>>): Place<Waiter> | null {
  while (queue.peek()?.left === true) queue.pop()
  return queue.peek() ?? null
}

/** No two are equal: among those of one rank the order of asking stays. */
function comparePlaces(one: Place<unknown>, other: Place<unknown>): number {
  return compareRanks(one.rank, other.rank) || one.number - other.number
}

function compareAges(one: Place<unknown>, other: Place<unknown>): number {
  return one.number - other.number
}
