import type { Bus } from '@flotilla/bus'
import type { AgentContext } from '@flotilla/runtime'
import type { VenueError } from '@flotilla/venue'
import type { DataCollectionConfig } from './config.ts'
import { afterFault, fixOf, healthy, jitterOf, mayAsk, mustProbe } from './core/index.ts'
import { sourceMessage } from './core/index.ts'
import type { SourceFix, SourceHealth } from './core/index.ts'

export type SourceWatchDeps = {
  /** Our name of the venue. */
  readonly source: string
  readonly config: DataCollectionConfig
  readonly context: AgentContext
  readonly bus: Bus
  readonly fix: SourceFix
}

/** The health of the venue as a source: whether it may be asked, and what the others are told. */
export class SourceWatch {
  readonly #deps: SourceWatchDeps
  #health: SourceHealth = healthy
  /** What the others know: nothing yet, or what an earlier run told them. */
  #toldState: SourceHealth['state'] | null = null
  #faults = 0

  constructor(deps: SourceWatchDeps) {
    this.#deps = deps
  }

  get health(): SourceHealth {
    return this.#health
  }

  get mayAsk(): boolean {
    return mayAsk(this.#health, this.#deps.context.clock.now())
  }

  get mustProbe(): boolean {
    return mustProbe(this.#health, this.#deps.config.breakerFailures)
  }

  succeeded(): Promise<void> {
    return this.#become(healthy)
  }

  async failed(error: VenueError): Promise<void> {
    const { config, context } = this.#deps
    this.#faults += 1
    const fault = {
      reason: `${error.code}: ${error.message}`.slice(0, 500),
      permanent: error.code === 'unauthorized' || error.code === 'blocked',
      retryAfterMs: error.retryAfterMs,
    }
    await this.#become(
      afterFault(this.#health, fault, {
        minimumMs: config.backoffMinimumMs,
        maximumMs: config.backoffMaximumMs,
        now: context.clock.now(),
        spread: jitterOf(context.instance, this.#faults),
      }),
    )
  }

  /** An operator has changed something: even a disabled venue is worth another question. */
  askAgain(): void {
    if (this.#health.state === 'healthy') return
    this.#health = { state: 'degraded', reason: 'reload asked for', failures: 1, retryAt: 0 }
  }

  /** Told at the start and with each change; a fault that goes on is not told again. */
  async #become(health: SourceHealth): Promise<void> {
    this.#health = health
    if (this.#toldState === health.state) return
    this.#toldState = health.state
    const { context, bus, source, fix: settings } = this.#deps
    const level = { healthy: 'info', degraded: 'warn', disabled: 'error' } as const
    const reason = health.state === 'healthy' ? null : health.reason
    const fix = health.state === 'disabled' ? { fix: fixOf(source, settings) } : {}
    const values = { venue: source, state: health.state, reason, ...fix }
    context.logger[level[health.state]](values, 'venue state changed')
    try {
      await bus.publish(sourceMessage({ source, fix: settings }, health, context.clock.now()))
    } catch (err) {
      context.logger.warn({ err }, 'venue state not published')
    }
  }
}
