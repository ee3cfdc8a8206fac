import { randomUUID } from 'node:crypto'
import { controlMessage, deriveId } from '@flotilla/contracts'
import type { ControlOrder } from '@flotilla/contracts'
import type { AgentContext } from '@flotilla/runtime'
import { controlRequest } from './core/index.ts'
import type { Scopes } from './core/index.ts'
import { problemAnswer } from './http.ts'
import type { Answer } from './http.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { GatewayStore } from './store.ts'

/** Commands that come in by HTTP, as messages; who sends them has shown the token of commands. */
export class ControlDesk {
  readonly #store: GatewayStore
  readonly #metrics: GatewayMetrics
  readonly #context: AgentContext
  readonly #scopes: Scopes

  constructor(options: {
    readonly store: GatewayStore
    readonly metrics: GatewayMetrics
    readonly context: AgentContext
    readonly scopes: Scopes
  }) {
    this.#store = options.store
    this.#metrics = options.metrics
    this.#context = options.context
    this.#scopes = options.scopes
  }

  /** Stored before it is answered: from then on it is given, whatever crashes. */
  async command(action: string, body: unknown, idempotencyKey: string | null): Promise<Answer> {
    const commanded = controlRequest(action, body, this.#scopes)
    if (commanded.kind === 'refused') {
      this.#metrics.commands.inc({ outcome: 'refused' })
      this.#context.logger.warn({ problems: commanded.problems }, 'command not understood')
      return problemAnswer(422, commanded.problems)
    }
    const { order } = commanded
    const message = controlMessage(order, {
      source: 'gateway',
      occurredAt: this.#context.clock.now(),
      discriminator: nameOf(order, idempotencyKey),
    })
    const outcome = await this.#store.keep(message)
    if (outcome.kind === 'refused') throw new Error(`${outcome.constraint}: ${outcome.detail}`)
    const isKnown = outcome.kind === 'duplicate'
    this.#metrics.commands.inc({ outcome: isKnown ? 'known' : 'accepted' })
    const { messageId, type } = message
    const { account, symbol, reason, requestedBy } = order
    const told = { messageId, type, account, symbol }
    const said = isKnown ? 'command was known already' : 'command taken'
    this.#context.logger.warn({ ...told, requestedBy, reason }, said)
    return { status: isKnown ? 200 : 202, body: { ...told, known: isKnown } }
  }
}

/** The same command for the same scope under the sender's name for it is one; without a name each is. */
function nameOf({ action, account, symbol }: ControlOrder, key: string | null): string {
  return deriveId('control', action, key ?? randomUUID(), account ?? '', symbol ?? '')
}
