import type { Logger } from '@flotilla/runtime'
import { planTrim, positionsAtRisk, takeTrim, type Limits, type Trim } from './core/index.ts'
import type { TrimConfig } from './config-trim.ts'
import type { AccountDesk } from './desk.ts'
import type { RiskMetrics } from './metrics.ts'

export type TrimmerOptions = {
  readonly desk: AccountDesk
  readonly limits: Limits
  readonly config: TrimConfig
  readonly metrics: Pick<RiskMetrics, 'trims' | 'trimAlerts'>
  readonly logger: Logger
  /** Of the market. */
  readonly now: () => number
  /** Of the wall: what a look may take is a matter of work, not of the market. */
  readonly realNow: () => number
}

/**
 * Looks from time to time whether more is at risk than may be, and sells the excess. Each trim is a
 * unit of work as any other: decisions go in between, and none waits for the look to end.
 */
export class Trimmer {
  readonly #options: TrimmerOptions
  #looking: Promise<void> | null = null

  constructor(options: TrimmerOptions) {
    this.#options = options
  }

  /** Never throws. A look that takes longer than the time between two is not doubled. */
  look(): Promise<void> {
    this.#looking ??= this.#trim()
      .catch((err: unknown) => this.#options.logger.warn({ err }, 'exposure not trimmed'))
      .finally(() => {
        this.#looking = null
      })
    return this.#looking
  }

  async #trim(): Promise<void> {
    const { desk, limits, config, now, realNow } = this.#options
    const began = realNow()
    for (let trims = 0; ; trims++) {
      const plan = planTrim({ book: desk.book, limits, now: now() })
      if (plan === null) return
      if (trims === config.trimsMax) return this.#alert('loop', plan)
      if (realNow() - began >= config.budgetMs) return this.#alert('budget', plan)
      if (!(await this.#carryOut(plan))) return
    }
  }

  /** False when the book has moved on meanwhile: the next look plans anew. */
  async #carryOut({ symbol }: Trim): Promise<boolean> {
    const { desk, limits, metrics, logger, now } = this.#options
    const done = await desk.work({
      message: null,
      mayBeOld: false,
      decide: (book) => takeTrim({ book, limits, now: now() }, symbol),
    })
    const trim = done.kind === 'committed' ? done.result.trim : null
    if (trim === null) return false
    const { quantity, exposure, exposureMax } = trim
    metrics.trims.inc({ symbol })
    logger.warn({ symbol, quantity, exposure, exposureMax }, 'exposure trimmed')
    return true
  }

  #alert(cause: 'loop' | 'budget', { exposureMax }: Trim): void {
    const { desk, config, metrics, logger } = this.#options
    metrics.trimAlerts.inc({ cause })
    const exposure = positionsAtRisk(desk.book)
    const { trimsMax, budgetMs } = config
    const why = cause === 'loop' ? 'exposure trim is looping' : 'exposure trim ran out of time'
    logger.error({ exposure, exposureMax, trimsMax, budgetMs }, why)
  }
}
