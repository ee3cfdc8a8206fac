import type { Bus } from '@flotilla/bus'
import type { AgentName, AnyMessage } from '@flotilla/contracts'
import { createUnitProcessor } from '@flotilla/ledger'
import type { Ledger, LedgerChange, UnitOutcome, UnitProcessor } from '@flotilla/ledger'
import type { Logger } from '@flotilla/runtime'

export type StorePorts = { readonly ledger: Ledger; readonly bus: Bus; readonly logger: Logger }

/** One transaction of an agent that holds no lease: what it took in, what it keeps, what goes out. */
export type StoreUnit = {
  readonly causeId: string | null
  readonly changes: readonly LedgerChange[]
  readonly outgoing: readonly AnyMessage[]
}

/** The ledger as an agent without a lease uses it; what it reads there is its own affair. */
export class AgentStore {
  protected readonly ledger: Ledger
  readonly #consumer: AgentName
  readonly #units: UnitProcessor

  constructor(consumer: AgentName, { ledger, bus, logger }: StorePorts) {
    this.ledger = ledger
    this.#consumer = consumer
    this.#units = createUnitProcessor({
      ledger,
      consumer,
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

  /** What goes out is published after the commit, now or after a crash. */
  protected submit(unit: StoreUnit): Promise<UnitOutcome> {
    return this.#units.submit({ consumer: this.#consumer, ...unit })
  }
}
