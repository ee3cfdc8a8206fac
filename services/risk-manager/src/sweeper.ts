import type { Ledger } from '@flotilla/ledger'
import type { Logger } from '@flotilla/runtime'
import {
  expiryOf,
  lookForgotten,
  waitingFor,
  withdraw,
  type Forgotten,
  type OpenReservation,
  type Waiting,
} from './core/index.ts'
import type { AccountDesk } from './desk.ts'
import type { RiskMetrics } from './metrics.ts'

export type SweeperOptions = {
  readonly desk: Pick<AccountDesk, 'book' | 'work'>
  readonly ledger: Pick<Ledger, 'findDecision' | 'loadOrdersOfIntent'>
  readonly metrics: Pick<RiskMetrics, 'withdrawals' | 'waiting' | 'waitingAmount'>
  readonly logger: Logger
  /** Of the market. */
  readonly now: () => number
  /** Market milliseconds after the expiry of the intent. */
  readonly graceMs: number
}

type Kept = Waiting & { readonly reservation: OpenReservation }

/** Looks from time to time for reservations that nothing will end any more, and ends or names them. */
export class Sweeper {
  readonly #options: SweeperOptions
  #kept: readonly Kept[] = []

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  /** Never throws: what could not be looked at is looked at the next time. */
  async look(): Promise<void> {
    const { desk, now, graceMs, logger } = this.#options
    try {
      const kept: Kept[] = []
      for (const { intentId, reservationId } of lookForgotten(desk.book, { now: now(), graceMs })) {
        const found = await this.#lookAt(intentId, reservationId)
        if (found !== null) kept.push(found)
      }
      this.#tellKept(kept)
    } catch (err) {
      logger.warn({ err }, 'reservations not looked through')
    }
  }

  /** Who leads no more has none to speak of. */
  end(): void {
    this.#show([])
  }

  async #lookAt(intentId: string, reservationId: string): Promise<Kept | null> {
    const { desk, ledger, now, graceMs } = this.#options
    const { account } = desk.book.account
    const decision = await ledger.findDecision(account, intentId)
    if (decision === null || expiryOf(decision) + graceMs > now()) return null
    const orders = await ledger.loadOrdersOfIntent(account, intentId)
    await this.#carryOut({ reservationId, decision, orders })
    // What came meanwhile is in the book already.
    const reservation = desk.book.reservations.get(reservationId)
    if (reservation === undefined) return null
    const waiting = waitingFor(reservation, orders, now() - graceMs)
    return waiting === null ? null : { ...waiting, reservation }
  }

  /** Each is an alert once; the figures say for how long it goes on. */
  #tellKept(kept: readonly Kept[]): void {
    const { logger } = this.#options
    const before = new Set(this.#kept.map(nameOf))
    for (const each of kept.filter((one) => !before.has(nameOf(one)))) {
      const { cause, orders, amount, reservation } = each
      const { reservationId, intentId, symbol, asset } = reservation
      logger.error(
        { cause, reservationId, intentId, symbol, orders, missing: amount.toString(), asset },
        'reservation kept: its order ended or should have, and fills were not told',
      )
    }
    const now = new Set(kept.map(({ reservation }) => reservation.reservationId))
    for (const { reservation } of this.#kept) {
      const { reservationId, symbol } = reservation
      if (!now.has(reservationId))
        logger.info({ reservationId, symbol }, 'reservation waits no more')
    }
    this.#show(kept)
  }

  #show(kept: readonly Kept[]): void {
    this.#kept = kept
    const { waiting, waitingAmount } = this.#options.metrics
    waiting.reset()
    waitingAmount.reset()
    for (const { cause, amount, reservation } of kept) {
      waiting.inc({ cause })
      waitingAmount.inc({ asset: reservation.asset }, amount.toNumber())
    }
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

function nameOf({ cause, orders, reservation }: Kept): string {
  return [cause, reservation.reservationId, ...orders].join(' ')
}
