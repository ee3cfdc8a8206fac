import type { AnyMessage } from '@flotilla/contracts'
import { AgentStore } from '@flotilla/fleet'
import type { StorePorts } from '@flotilla/fleet'
import type { UnitOutcome } from '@flotilla/ledger'

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
export class GatewayStore extends AgentStore {
  constructor(ports: StorePorts) {
    super('gateway', ports)
  }

  keep(message: AnyMessage): Promise<UnitOutcome> {
    // The message's own id stands for the request: both come from the same key.
    return this.submit({ causeId: message.messageId, changes: [], outgoing: [message] })
  }

  /** Null when there is no such intent. */
  async fateOf(account: string, intentId: string): Promise<IntentFate | null> {
    const decision = await this.ledger.findDecision(account, intentId)
    if (decision === null) {
      const said = await this.ledger.loadMessages({ intentId })
      return said.length === 0 ? null : { intentId, state: 'proposed', reasons: [], orders: [] }
    }
    const orders = await this.ledger.loadOrdersOfIntent(account, intentId)
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
