import { createAgenda } from './agenda.ts'
import type { SimulatorConfig } from './config.ts'
import {
  advance,
  drainChanges,
  type Changes,
  type Engine,
  type Feed,
  type Names,
  type Simulation,
} from './core/index.ts'
import type { AcceptedRequest, SimulatorStore, Write } from './store.ts'

/** A request that no route answers: a client that meant another exchange. */
type Escape = { readonly method: string; readonly path: string; readonly at: number }

type DeskListener = {
  readonly changed: (changes: Changes) => void
  readonly passed: () => void
}

/**
 * The open exchange: the engine, its prices, and the rule that nothing is answered before it is
 * written down. Everything here is synchronous, so one request is one transaction.
 */
export type Desk = {
  readonly config: SimulatorConfig
  readonly engine: Engine
  readonly feeds: ReadonlyMap<string, Feed>
  readonly names: Names
  readonly escapes: readonly Escape[]
  requests(): readonly AcceptedRequest[]
  noteEscape(escape: Escape): void
  now(): number
  /** Does something when market time has come to a moment. */
  at(ms: number, task: () => void): void
  /** Lets market time pass, and writes down what was traded on the way. */
  advanceTo(ms: number): void
  /** Writes down what the request has changed; null for the changes of time alone. */
  commit(request: Omit<AcceptedRequest, 'arrival' | 'at'> | null): void
  /** Writes down how far time has come, so that a killed process goes on from about there. */
  noteTime(): void
  /** Tells what has been written down, and that time has passed. */
  listen(listener: DeskListener): void
  /** The last word before an orderly stop. */
  close(): void
}

export type DeskParts = {
  readonly config: SimulatorConfig
  readonly simulation: Simulation
  readonly store: SimulatorStore
  readonly arrivals: number
  readonly onEscape: (escape: Escape) => void
  readonly realNow: () => number
}

export function createDesk(parts: DeskParts): Desk {
  const { config, simulation, store } = parts
  const { engine } = simulation
  let { arrivals } = parts
  const agenda = createAgenda()
  const listeners: DeskListener[] = []
  const escapes: Escape[] = []
  let unnamed = 0
  let notedAt = -1
  const save = (write: Pick<Write, 'changes' | 'request' | 'realTime'>): void =>
    store.save({ ...write, marketTime: simulation.now, engine })
  const commit: Desk['commit'] = (request) => {
    const changes = drainChanges(engine)
    if (changes === null && request === null) return
    const accepted =
      request === null ? null : { ...request, arrival: arrivals + 1, at: simulation.now }
    save({ changes, request: accepted, realTime: parts.realNow() })
    if (accepted !== null) arrivals = accepted.arrival
    if (changes !== null) for (const { changed } of listeners) changed(changes)
  }
  return {
    config,
    engine,
    feeds: new Map(simulation.feeds.map((feed) => [feed.market.rules.symbol, feed])),
    names: { next: () => nameOf(engine, ++unnamed) },
    requests: () => store.requests(),
    escapes,
    noteEscape: (escape) => {
      escapes.push(escape)
      parts.onEscape(escape)
    },
    now: () => simulation.now,
    at: (ms, task) => agenda.at(ms, task),
    advanceTo: (ms) => {
      for (let due = agenda.next(ms); due !== null; due = agenda.next(ms)) {
        advance(simulation, due)
        agenda.run(due)
      }
      advance(simulation, ms)
      commit(null)
      for (const { passed } of listeners) passed()
    },
    commit,
    listen: (listener) => void listeners.push(listener),
    noteTime: () => {
      if (notedAt === simulation.now) return
      notedAt = simulation.now
      save({ changes: null, request: null, realTime: parts.realNow() })
    },
    close: () => save({ changes: drainChanges(engine), request: null, realTime: null }),
  }
}

/** Counts on from the orders that exist, so that a restart repeats no name. */
function nameOf(engine: Engine, unnamed: number): string {
  const orders = [...engine.markets.values()].reduce((sum, market) => sum + market.orders.length, 0)
  return `sim-${orders}-${unnamed}`
}
