// There is one execution agent per account at a time; what it does is its term. Beside the terms live
// the gate that stops entries and the watch over who has gone silent.
import { instant } from '@flotilla/contracts'
import { LeadingLife, type Agent, type Readiness } from '@flotilla/fleet'
import { realClock } from '@flotilla/runtime'
import { VenueError, type Venue } from '@flotilla/venue'
import { isDoubtful, type Desk } from './core/index.ts'
import { DeadMan } from './dead-man.ts'
import { EntriesGate } from './entries-gate.ts'
import { createExecutionMetrics } from './metrics.ts'
import { stretchOf } from './settings.ts'
import { Term, type Deps } from './term.ts'
import { signingKeysOf, type SigningKeys } from './venue-keys.ts'
import { VenueWatch, type VenueWatchOptions } from './venue-watch.ts'

export class Execution implements Agent {
  readonly #deps: Deps
  readonly #gate: EntriesGate
  readonly #deadMan: DeadMan
  readonly #venueWatch: VenueWatch
  readonly #keys: SigningKeys
  readonly #life: LeadingLife<Term>

  constructor(deps: Deps) {
    this.#deps = deps
    this.#gate = new EntriesGate({
      account: deps.shared.account.id,
      now: () => deps.context.clock.now(),
      logger: deps.context.logger,
      publish: (message) => deps.bus.publish(message),
    })
    this.#deadMan = new DeadMan({
      gate: this.#gate,
      clock: deps.context.clock,
      silenceMs: deps.config.silenceMs * stretchOf(deps.shared),
      venue: () => signOfLifeOf(deps.venue),
      ledger: () => deps.ledger.recall('execution', 'sign-of-life'),
      isBusUp: () => deps.bus.health().state === 'connected',
      isListening: () => this.#life.term !== null,
      lateMs: deps.config.lateMs * stretchOf(deps.shared),
      wallClock: realClock,
      agentSilenceMs: agentSilenceMsOf(deps),
    })
    this.#keys = signingKeysOf(deps, () => {
      this.#venueWatch.lookNow()
      this.#life.term?.wake()
    })
    this.#venueWatch = venueWatchOf(deps, {
      gate: this.#gate,
      keys: this.#keys,
      positions: () => (this.#life.term?.desks ?? []).filter(isHeld).map(wordsOf),
    })
    const metrics = createExecutionMetrics(deps.context.metrics, {
      desks: () => this.#life.term?.desks ?? [],
      stops: () => this.#gate.stops.length,
      health: () => deps.venue.health(),
      differences: () => this.#life.term?.differences.length ?? 0,
      isFollowed: () => this.#life.term?.isFollowed === true,
    })
    const { ledger, bus, context, config, shared } = deps
    const { id: account } = shared.account
    const { leaseMs } = config
    const { keepDays } = shared.ledger
    const publish = bus.publishAll.bind(bus)
    this.#life = new LeadingLife(
      { name: 'execution', account, leaseMs, keepDays, ledger, publish, context },
      (grant) =>
        new Term({
          deps,
          metrics,
          gate: this.#gate,
          keys: this.#keys,
          heard: (at) => this.#deadMan.heard(at),
          alive: (agent) => this.#deadMan.alive(agent),
          ...grant,
        }),
    )
  }

  /** Resolves when approvals are taken, or when something has to be waited for. */
  async start(): Promise<void> {
    this.#deadMan.start()
    this.#venueWatch.start()
    await this.#life.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#deadMan.stop(), this.#venueWatch.stop(), this.#life.stop()])
  }

  readiness(): Readiness {
    const { term, waitsFor } = this.#life
    const desks = term?.desks ?? []
    return {
      ready: waitsFor === null,
      detail: {
        waitsFor,
        account: this.#deps.shared.account.id,
        positions: desks.filter(isHeld).map(viewOf),
        ordersInDoubt: desks.flatMap(doubtfulOf),
        venue: this.#deps.venue.health(),
        ...ofTerm(term),
        entriesStopped: this.#gate.stops.map((each) => ({ ...each, since: instant(each.since) })),
        halted: desks.flatMap(haltOf),
        closedMarkets: desks.flatMap(closedOf),
      },
    }
  }
}

/** So many heartbeats may be lost before their agent counts as silent. */
const HEARTBEATS_MISSED = 3

function agentSilenceMsOf({ config, shared }: Deps): number {
  return Math.max(config.silenceMs, HEARTBEATS_MISSED * shared.heartbeat.intervalMs)
}

/** Some venues tell their time to who has a key only: to be refused is an answer. */
async function signOfLifeOf(venue: Venue): Promise<unknown> {
  return venue.fetchTime().catch((error: unknown) => {
    if (error instanceof VenueError && error.code === 'unauthorized') return null
    throw error
  })
}

type WatchParts = Pick<VenueWatchOptions, 'gate' | 'keys' | 'positions'>

function venueWatchOf({ config, shared, venue, context }: Deps, parts: WatchParts): VenueWatch {
  const stretch = stretchOf(shared)
  const { clock, logger } = context
  return new VenueWatch({
    ...parts,
    venue,
    clock,
    logger,
    lookMs: config.pollMs * stretch,
    measureMs: config.clockCheckMs * stretch,
    skewAlarmMs: config.skewAlarmMs * stretch,
    skewStopMs: config.skewStopMs * stretch,
  })
}

function wordsOf({ market, position }: Desk): string {
  const { state, listId } = position?.protection ?? { state: 'unprotected', listId: null }
  const rests =
    state === 'protected' && listId !== null ? 'its stop rests at the venue' : 'no stop rests'
  return `${market.symbol} ${position?.quantity.toString() ?? ''}, ${rests}`
}

function isHeld({ position }: Desk): boolean {
  return position?.quantity.isPositive() === true
}

function viewOf({ market, position }: Desk) {
  const protection = position?.protection
  return {
    symbol: market.symbol,
    quantity: position?.quantity.toString(),
    protection: protection?.state ?? 'unprotected',
    reason: protection?.reason ?? null,
  }
}

function ofTerm(term: Term | null) {
  return {
    inFlight: term?.inFlight ?? 0,
    accountStream: term?.isFollowed === true ? 'connected' : 'not connected',
    differences: term?.differences ?? [],
    /** What people and the risk manager have stopped; `*` is the whole account. */
    commanded: term?.commanded ?? [],
  }
}

function haltOf({ market, halted }: Desk) {
  return halted === null ? [] : [{ symbol: market.symbol, ...halted }]
}

function closedOf(desk: Desk) {
  const { closed, market, position } = desk
  if (closed === null) return []
  const { symbol } = market
  const { status, since } = closed
  const quantity = position?.quantity.toString() ?? '0'
  const protection = isHeld(desk) ? (position?.protection?.state ?? 'unprotected') : 'none'
  return [{ symbol, status, since: instant(since), quantity, protection }]
}

function doubtfulOf({ tickets }: Desk): string[] {
  const doubtful = [...tickets.values()].filter(({ order }) => isDoubtful(order.state))
  return doubtful.map(({ order }) => order.clientOrderId)
}
