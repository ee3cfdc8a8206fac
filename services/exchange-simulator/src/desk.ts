import { createAgenda, type Agenda } from './agenda.ts'
import type { SimulatorConfig } from './config.ts'
import { createDoor, type Door } from './door.ts'
import {
  advance,
  drainChanges,
  type Changes,
  type Engine,
  type Feed,
  type Names,
  type Simulation,
} from './core/index.ts'
import { createJournal } from './journal.ts'
import type { AcceptedRequest, SimulatorStore, Write } from './store.ts'

/** A request that no route answers: a client that meant another exchange. */
type Escape = { readonly method: string; readonly path: string; readonly at: number }

type DeskListener = {
  /** Looks at what has changed, and hands back how to tell it once it is written down. */
  readonly changed: (changes: Changes) => () => void
  readonly passed: () => void
}

/**
 * The open exchange: the engine, its prices, and the rule that nothing is answered or told before it
 * is written down. Requests that arrive together are written together: one disk write for all that
 * the turn of the event loop brought, where one for each would be most of what an order costs.
 */
export type Desk = {
  readonly config: SimulatorConfig
  readonly door: Door
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
  /** Notes what the request has changed, to be written down; null for the changes of time alone. */
  commit(request: Omit<AcceptedRequest, 'arrival' | 'at'> | null): void
  /** When all that has been noted so far will be on disk; null when it is there already. */
  written(): Promise<void> | null
  /** Writes down at once what has been noted. */
  flush(): void
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
  /** It could not be written down. */
  readonly onFailure: (error: unknown) => void
}

type Noted = Pick<Write, 'changes' | 'requests' | 'realTime'>

export function createDesk(parts: DeskParts): Desk {
  const { config, simulation, store } = parts
  const { engine } = simulation
  let { arrivals } = parts
  const agenda = createAgenda()
  const listeners: DeskListener[] = []
  const escapes: Escape[] = []
  let unnamed = 0
  let notedAt = -1
  const save = (write: Noted) => store.save({ ...write, marketTime: simulation.now, engine })
  const journal = createJournal({
    save: (write) => save({ ...write, realTime: parts.realNow() }),
    onFailure: parts.onFailure,
  })
  const commit: Desk['commit'] = (request) => {
    const changes = drainChanges(engine)
    if (changes === null && request === null) return
    const at = simulation.now
    const requests = request === null ? [] : [{ ...request, arrival: ++arrivals, at }]
    const tellers = changes === null ? [] : listeners.map(({ changed }) => changed(changes))
    journal.note({ changes, requests, tellers })
  }
  return {
    config,
    door: createDoor(config),
    engine,
    feeds: new Map(simulation.feeds.map((feed) => [feed.market.rules.symbol, feed])),
    names: { next: () => nameOf(engine, ++unnamed) },
    requests: () => {
      journal.flush()
      return store.requests()
    },
    escapes,
    noteEscape: (escape) => {
      escapes.push(escape)
      parts.onEscape(escape)
    },
    now: () => simulation.now,
    at: (ms, task) => agenda.at(ms, task),
    advanceTo: (ms) => {
      advanceThrough(simulation, agenda, ms)
      commit(null)
      for (const { passed } of listeners) passed()
    },
    commit,
    written: () => journal.written(),
    flush: () => journal.flush(),
    listen: (listener) => void listeners.push(listener),
    noteTime: () => {
      if (notedAt === simulation.now) return
      notedAt = simulation.now
      journal.flush()
      save({ changes: null, requests: [], realTime: parts.realNow() })
    },
    close: () => {
      journal.flush()
      save({ changes: drainChanges(engine), requests: [], realTime: null })
    },
  }
}

/** What is due on the way happens at its own moment. */
function advanceThrough(simulation: Simulation, agenda: Agenda, to: number): void {
  for (let due = agenda.next(to); due !== null; due = agenda.next(to)) {
    advance(simulation, due)
    agenda.run(due)
  }
  advance(simulation, to)
}

/** Counts on from the orders that exist, so that a restart repeats no name. */
function nameOf(engine: Engine, unnamed: number): string {
  const orders = [...engine.markets.values()].reduce((sum, market) => sum + market.orders.last, 0)
  return `sim-${orders}-${unnamed}`
}
