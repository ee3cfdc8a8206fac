// Fires chains at a steady rate, whatever becomes of those before, and collects how long each took.
import type { AnyMessage } from '@flotilla/contracts'
import { candleOf, orderNameOf, symbols } from './chain-world.ts'

/** Milliseconds of the machine's monotonic clock, which all its processes share. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export type Course = {
  /** Called half an interval before each shot. */
  readonly prepare: () => void
  /** Begins a chain and answers the name under which its end will be told. */
  readonly fire: () => string
}

export type Shots = { readonly count: number; readonly perSecond: number }

export type Hits = {
  /** Milliseconds of each chain that came to its end. */
  readonly latencies: readonly number[]
  readonly lost: number
}

/** A chain that has not ended by then is lost. */
const lostAfterMs = 2_000

/** The chains that are under way, by name. */
export class Range {
  readonly #begun = new Map<string, number>()
  #latencies: number[] = []
  #emptied: (() => void) | null = null

  /** The chain of that name came to its end at that moment of the machine's clock. */
  ended(name: string, at: number): void {
    const begun = this.#begun.get(name)
    if (begun === undefined || !this.#begun.delete(name)) return
    this.#latencies.push(at - begun)
    if (this.#begun.size === 0) this.#emptied?.()
  }

  async shoot(course: Course, { count, perSecond }: Shots): Promise<Hits> {
    this.#latencies = []
    const began = machineMs()
    const half = 500 / perSecond
    for (let shot = 0; shot < count; shot++) {
      await until(began + 2 * shot * half)
      course.prepare()
      await until(began + (2 * shot + 1) * half)
      const at = machineMs()
      this.#begun.set(course.fire(), at)
    }
    await this.#allEnded()
    const lost = this.#begun.size
    this.#begun.clear()
    return { latencies: this.#latencies, lost }
  }

  async #allEnded(): Promise<void> {
    if (this.#begun.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#emptied = resolve
    const late = setTimeout(resolve, lostAfterMs)
    await promise
    clearTimeout(late)
  }
}

/** One candle that says nothing new for every one that leads to an order, symbol after symbol. */
export function candleCourse(startMs: number, publish: (message: AnyMessage) => void): Course {
  const told = symbols.map(() => 0)
  let turn = 0
  const tell = (index: number): string => {
    const symbol = symbols[index]!
    const number = told[index]!
    told[index] = number + 1
    publish(candleOf(symbol, number, startMs))
    return orderNameOf(symbol, number, startMs)
  }
  const { length } = symbols
  // Those whose turn comes first have nobody before them who would prepare them.
  for (let index = 0; index < length / 2; index++) tell(index)
  return {
    prepare: () => void tell((turn + length / 2) % length),
    fire: () => tell(turn++ % length),
  }
}

async function until(due: number): Promise<void> {
  const wait = due - machineMs()
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
}
