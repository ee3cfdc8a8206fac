import type { Bus } from '@flotilla/bus'
import { instant } from '@flotilla/contracts'
import type { AnyMessage } from '@flotilla/contracts'
import { createUnitProcessor } from '@flotilla/ledger'
import type { Json, Ledger, LedgerChange, UnitOutcome, UnitProcessor } from '@flotilla/ledger'
import type { Logger } from '@flotilla/runtime'
import { parseClosedTrade, parseEngineMemory, parseMemory, parseRecord } from './core/index.ts'
import type { ClosedTrade, DeskMemory, EngineMemory, KnownPosition, Review } from './core/index.ts'
import type { SymbolRecord } from './core/index.ts'

/** Something to remember; null forgets the key. */
export type Entry = { readonly key: string; readonly value: Json }

/**
 * The ledger as this agent uses it: memories of desks and records of symbols, committed together with
 * the message that was processed and the intents that go out. Positions are execution's rows and are only read.
 */
export class StrategyStore {
  readonly #ledger: Ledger
  readonly #units: UnitProcessor

  constructor(ports: { readonly ledger: Ledger; readonly bus: Bus; readonly logger: Logger }) {
    const { ledger, bus, logger } = ports
    this.#ledger = ledger
    this.#units = createUnitProcessor({
      ledger,
      consumer: 'strategy',
      publish: (messages) => bus.publishAll(messages),
      logger,
    })
  }

  /** Publishes what an earlier run committed and could not publish any more. */
  start(): Promise<void> {
    return this.#units.start()
  }

  stop(): Promise<void> {
    return this.#units.stop()
  }

  /** By desk; null where a stored memory cannot be read any more. */
  async loadMemories(): Promise<Map<string, DeskMemory | null>> {
    const entries = await this.#ledger.recallAll('strategy', deskPrefix)
    return new Map(entries.map(({ key, value }) => [key, parseMemory(value)]))
  }

  /** By symbol's key; null where a stored record cannot be read any more. */
  async loadRecords(): Promise<Map<string, SymbolRecord | null>> {
    const entries = await this.#ledger.recallAll('strategy', symbolPrefix)
    return new Map(entries.map(({ key, value }) => [key, parseRecord(value)]))
  }

  /** What cannot be read is left out: the engine is careful with few trades anyway. */
  async loadTrades(): Promise<ClosedTrade[]> {
    const entries = await this.#ledger.recallAll('strategy', tradePrefix)
    return entries.flatMap(({ value }) => parseClosedTrade(value) ?? [])
  }

  async loadEngine(): Promise<EngineMemory | null> {
    return parseEngineMemory(await this.#ledger.recall('strategy', engineKey))
  }

  keepEngine(memory: EngineMemory): Promise<void> {
    return this.#keep([{ key: engineKey, value: memory }])
  }

  /** A review is kept for good, with what it changed; trades beyond its window are not. */
  keepReview(done: {
    readonly memory: EngineMemory
    readonly review: Review
    readonly forgotten: readonly ClosedTrade[]
  }): Promise<void> {
    const { memory, review, forgotten } = done
    return this.#keep([
      { key: engineKey, value: memory },
      { key: `${reviewPrefix}${review.dueAt}`, value: review },
      ...forgotten.map((trade) => ({ key: tradeKey(trade), value: null })),
    ])
  }

  async #keep(entries: readonly Entry[]): Promise<void> {
    const outcome = await this.commit({ causeId: null, entries, outgoing: [] })
    if (outcome.kind === 'refused') throw new Error(`${outcome.constraint}: ${outcome.detail}`)
  }

  async loadPositions(account: string): Promise<Map<string, KnownPosition>> {
    const positions = await this.#ledger.loadPositions(account)
    return new Map(
      positions.map(({ symbol, version, quantity, averageEntryPrice, protection }) => {
        const state = protection?.state ?? 'none'
        const flat = quantity.isZero() || state === 'none' || state === 'dust'
        const average = averageEntryPrice?.toNumber() ?? null
        const held = { quantity: quantity.toNumber(), averageEntryPrice: average }
        return [symbol, { version, held: flat ? null : held }]
      }),
    )
  }

  /** One transaction; what goes out is published after it, now or after a crash. */
  commit(unit: {
    readonly causeId: string | null
    readonly entries: readonly Entry[]
    readonly outgoing: readonly AnyMessage[]
  }): Promise<UnitOutcome> {
    const { causeId, entries, outgoing } = unit
    const changes = entries.map(({ key, value }): LedgerChange => ({
      kind: 'memory-stored',
      agent: 'strategy',
      key,
      value,
    }))
    return this.#units.submit({ consumer: 'strategy', causeId, changes, outgoing })
  }
}

const deskPrefix = 'desk '
const symbolPrefix = 'symbol '

const tradePrefix = 'trade '
const engineKey = 'filter-engine'
const reviewPrefix = 'filter-review '

/** Sorted by time. */
export function tradeKey({ closedAt, symbol }: ClosedTrade): string {
  return `${tradePrefix}${instant(closedAt)} ${symbol}`
}

export function symbolKey(venue: string, symbol: string): string {
  return `${symbolPrefix}${venue} ${symbol}`
}

export function deskKey(desk: {
  readonly id: string
  readonly venue: string
  readonly symbol: string
  readonly timeframe: string
}): string {
  return `${deskPrefix}${desk.id} ${desk.venue} ${desk.symbol} ${desk.timeframe}`
}
