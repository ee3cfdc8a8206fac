import { Decimal } from '@flotilla/money'
import type { Logger } from '@flotilla/runtime'
import { takeStock, type Limits } from './core/index.ts'
import type { AccountDesk } from './desk.ts'
import type { RiskStore } from './store.ts'
import type { Deps } from './term.ts'

export type ValuerOptions = {
  readonly deps: Deps
  readonly store: RiskStore
  readonly desk: AccountDesk
  readonly limits: Limits
}

/** Values the account from time to time, in a unit of work of its own. */
export class Valuer {
  readonly #options: ValuerOptions
  readonly #log: Logger

  constructor(options: ValuerOptions) {
    this.#options = options
    this.#log = options.deps.context.logger
  }

  /** Never throws: a valuation that could not be made is followed by the next one. */
  async value(): Promise<void> {
    const { deps, store, desk, limits } = this.#options
    const now = deps.context.clock.now()
    try {
      const done = await desk.work({
        message: null,
        mayBeOld: false,
        decide: (book) => takeStock({ book, limits, now }),
      })
      if (done.kind !== 'committed') return
      const { account, equity, unpriced } = done.result.valued
      this.#log.info({ account, equity, unpriced }, 'equity valued')
      await store.writeEquity(now, Decimal.from(equity))
    } catch (err) {
      this.#log.warn({ err }, 'account not valued')
    }
  }
}
