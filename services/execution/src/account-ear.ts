// Listens to the venue's own word on our orders, and hands it to the desks. Whenever something may have been
// missed, the desks ask the venue: the stream makes things quick, the questions make them sure.
import type { Logger } from '@flotilla/runtime'
import type { AccountEvent, AccountWatch, Venue } from '@flotilla/venue'
import type { DeskRunner } from './desk-runner.ts'
import type { ExecutionMetrics } from './metrics.ts'

type Transfer = Extract<AccountEvent, { kind: 'transfer' }>

export type EarOptions = {
  readonly venue: Venue
  readonly runners: ReadonlyMap<string, Pick<DeskRunner, 'offer'>>
  readonly logger: Logger
  readonly metrics: ExecutionMetrics
  /** Money came or went that no order explains. */
  readonly onTransfer: (transfer: Transfer) => void
  /** Orders, fills and balances have to be compared with the venue soon. */
  readonly onGap: () => void
}

export class AccountEar {
  readonly #options: EarOptions
  #watch: AccountWatch | null = null
  #isConnected = false

  constructor(options: EarOptions) {
    this.#options = options
  }

  /** False: only questions tell what happens at the venue. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  listen(): void {
    this.#watch = this.#options.venue.watchAccount((event) => this.#hear(event))
  }

  async close(): Promise<void> {
    await this.#watch?.close()
    this.#isConnected = false
  }

  #hear(event: AccountEvent): void {
    const { runners, metrics, logger, onTransfer } = this.#options
    metrics.streamEvents.inc({ kind: event.kind })
    switch (event.kind) {
      case 'order':
        runners.get(event.order.symbol)?.offer({ kind: 'streamed', order: event.order })
        return
      case 'transfer': {
        const { asset, change, at } = event
        logger.info({ asset, change: change.toString(), at }, 'transfer at the venue')
        return onTransfer(event)
      }
      case 'connected':
        logger.info({}, 'account stream connected')
        return this.#miss(true)
      case 'disconnected':
        logger.warn({ reason: event.reason }, 'account stream lost, the venue is asked instead')
        return this.#miss(false)
      case 'gap':
        logger.warn({ reason: event.reason }, 'account stream told what cannot be read')
        return this.#miss(this.#isConnected)
      case 'balances':
    }
  }

  #miss(isConnected: boolean): void {
    this.#isConnected = isConnected
    for (const runner of this.#options.runners.values()) runner.offer({ kind: 'sweep' })
    this.#options.onGap()
  }
}
