import type { Bus } from '@flotilla/bus'
import type { AnyMessage } from '@flotilla/contracts'
import { createUnitProcessor } from '@flotilla/ledger'
import type { Ledger, UnitOutcome, UnitProcessor } from '@flotilla/ledger'
import type { Logger } from '@flotilla/runtime'

/** What became of an intent, for who asked for it. */
export type IntentFate = {
  readonly intentId: string
  /** `proposed`: the risk manager has not decided yet. */
  readonly state: 'proposed' | 'approved' | 'denied'
  readonly reasons: readonly unknown[]
  readonly orders: readonly {
    readonly clientOrderId: string
    readonly leg: string
    readonly state: string
    readonly quantity: string
    readonly filledQuantity: string
  }[]
}

/**
 * The ledger as this agent uses it. An intent is committed under the name of its request before the
 * sender is answered: what was answered is not lost, and what is sent again has no second effect.
 */
export class GatewayStore {
  readonly #ledger: Ledger
  readonly #units: UnitProcessor

  constructor(ports: { readonly ledger: Ledger; readonly bus: Bus; readonly logger: Logger }) {
    const { ledger, bus, logger } = ports
    this.#ledger = ledger
    this.#units = createUnitProcessor({
      ledger,
      consumer: 'gateway',
      publish: (messages) => bus.publishAll(messages),
      logger,
    })
  }

  start(): Promise<void> {
    return this.#units.start()
  }

  stop(): Promise<void> {
    return this.#units.stop()
  }

  keep(message: AnyMessage): Promise<UnitOutcome> {
    // The message's own id stands for the request: both come from the same key.
    const { messageId } = message
    return this.#units.submit({
      consumer: 'gateway',
      causeId: messageId,
      changes: [],
      outgoing: [message],
    })
  }

  /** Null when there is no such intent. */
  async fateOf(account: string, intentId: string): Promise<IntentFate | null> {
    const decision = await this.#ledger.findDecision(account, intentId)
    if (decision === null) {
      const said = await this.#ledger.loadMessages({ intentId })
      return said.length === 0 ? null : { intentId, state: 'proposed', reasons: [], orders: [] }
    }
    const orders = await this.#ledger.loadOrdersOfIntent(account, intentId)
    return {
      intentId,
      state: decision.verdict,
      reasons: decision.reasons,
      orders: orders.map(({ clientOrderId, leg, state, quantity, filledQuantity }) => ({
        clientOrderId,
        leg,
        state,
        quantity: quantity.toString(),
        filledQuantity: filledQuantity.toString(),
      })),
    }
  }
}
