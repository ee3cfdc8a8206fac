import type { Ledger } from '@flotilla/ledger'
import type { Logger } from '@flotilla/runtime'
import { expiryOf, lookForgotten, withdraw, type Forgotten } from './core/index.ts'
import type { AccountDesk } from './desk.ts'
import type { RiskMetrics } from './metrics.ts'

export type SweeperOptions = {
  readonly desk: Pick<AccountDesk, 'book' | 'work'>
  readonly ledger: Pick<Ledger, 'findDecision' | 'loadOrdersOfIntent'>
  readonly metrics: Pick<RiskMetrics, 'withdrawals'>
  readonly logger: Logger
  /** Of the market. */
  readonly now: () => number
  /** Market milliseconds after the expiry of the intent. */
  readonly graceMs: number
}

/** Looks from time to time for reservations that nothing will end any more, and ends them. */
export class Sweeper {
  readonly #options: SweeperOptions

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  /** Never throws: what could not be looked at is looked at the next time. */
  async look(): Promise<void> {
    const { desk, now, graceMs, logger } = this.#options
    try {
      for (const { intentId, reservationId } of lookForgotten(desk.book, { now: now(), graceMs })) {
        await this.#lookAt(intentId, reservationId)
      }
    } catch (err) {
      logger.warn({ err }, 'reservations not looked through')
    }
  }

  async #lookAt(intentId: string, reservationId: string): Promise<void> {
    const { desk, ledger, now, graceMs } = this.#options
    const { account } = desk.book.account
    const decision = await ledger.findDecision(account, intentId)
    if (decision === null || expiryOf(decision) + graceMs > now()) return
    const orders = await ledger.loadOrdersOfIntent(account, intentId)
    await this.#carryOut({ reservationId, decision, orders })
  }

  async #carryOut(forgotten: Forgotten): Promise<void> {
    const { desk, metrics, logger, now } = this.#options
    let tried = false
    const done = await desk.work({
      message: null,
      mayBeOld: false,
      decide: (book) => {
        // A refusal says that execution has taken the approval after all: what was read is old.
        if (tried) return { changes: [], records: [], outgoing: [], withdrawal: null }
        tried = true
        return withdraw(book, forgotten, now())
      },
    })
    const withdrawal = done.kind === 'committed' ? done.result.withdrawal : null
    if (withdrawal === null) return
    const { reservation, cause } = withdrawal
    const { reservationId, intentId, symbol, asset } = reservation
    const amount = reservation.amount.minus(reservation.consumed)
    metrics.withdrawals.inc({ cause })
    logger.warn(
      { cause, reservationId, intentId, symbol, asset, amount },
      'reservation withdrawn: nothing would have ended it',
    )
  }
}
