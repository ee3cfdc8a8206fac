import type { AnyMessage } from '@flotilla/contracts'
import { AgentStore } from '@flotilla/fleet'
import type { StorePorts } from '@flotilla/fleet'
import type { Json, LedgerChange, UnitOutcome } from '@flotilla/ledger'
import { parseEngineMemory, parseMemory, parseRecord } from './core/index.ts'
import type { ClosedTrade, DeskMemory, EngineMemory, KnownPosition, Review } from './core/index.ts'
import type { SymbolRecord } from './core/index.ts'

/** Something to remember; null forgets the key. */
export type Entry = { readonly key: string; readonly value: Json }

/**
 * The ledger as this agent uses it: memories of desks and records of symbols, committed together with
 * the message that was processed and the intents that go out. Positions are execution's rows and are only read.
 */
export class StrategyStore extends AgentStore {
  constructor(ports: StorePorts) {
    super('strategy', ports)
  }

  /** By desk; null where a stored memory cannot be read any more. */
  async loadMemories(): Promise<Map<string, DeskMemory | null>> {
    const entries = await this.ledger.recallAll('strategy', deskPrefix)
    return new Map(entries.map(({ key, value }) => [key, parseMemory(value)]))
  }

  /** By symbol's key; null where a stored record cannot be read any more. */
  async loadRecords(): Promise<Map<string, SymbolRecord | null>> {
    const entries = await this.ledger.recallAll('strategy', symbolPrefix)
    return new Map(entries.map(({ key, value }) => [key, parseRecord(value)]))
  }

  /** What the journal has of the account since then; execution writes it, to the last digit. */
  async loadTrades(account: string, since: number): Promise<ClosedTrade[]> {
    const trades = await this.ledger.loadTrades({ account, since })
    return trades.map(({ closedAt, netProfit, rMultiple }) => {
      return { closedAt, profit: netProfit, rMultiple }
    })
  }

  async loadEngine(): Promise<EngineMemory | null> {
    return parseEngineMemory(await this.ledger.recall('strategy', engineKey))
  }

  keepEngine(memory: EngineMemory): Promise<void> {
    return this.#keep([{ key: engineKey, value: memory }])
  }

  /** A review is kept for good, with what it changed. */
  keepReview(done: { readonly memory: EngineMemory; readonly review: Review }): Promise<void> {
    const { memory, review } = done
    return this.#keep([
      { key: engineKey, value: memory },
      { key: `${reviewPrefix}${review.dueAt}`, value: review },
    ])
  }

  async #keep(entries: readonly Entry[]): Promise<void> {
    const outcome = await this.commit({ causeId: null, entries, outgoing: [] })
    if (outcome.kind === 'refused') throw new Error(`${outcome.constraint}: ${outcome.detail}`)
  }

  async loadPositions(account: string): Promise<Map<string, KnownPosition>> {
    const positions = await this.ledger.loadPositions(account)
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
    return this.submit({ causeId, changes, outgoing })
  }
}

const deskPrefix = 'desk '
const symbolPrefix = 'symbol '

const engineKey = 'filter-engine'
const reviewPrefix = 'filter-review '

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
