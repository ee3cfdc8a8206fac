import type { Bus } from '@flotilla/bus'
import { createMessage, IndicatorsRequested } from '@flotilla/contracts'
import type { SharedConfig } from '@flotilla/fleet'
import type { AgentContext } from '@flotilla/runtime'
import type { Desk } from './core/index.ts'

/** A request may be lost, and what warms up by itself is there long before. */
const askEveryCandles = 20

export type UnfedDesksDeps = {
  readonly bus: Pick<Bus, 'publish'>
  readonly context: Pick<AgentContext, 'clock' | 'logger'>
  readonly shared: Pick<SharedConfig, 'timeframe'>
}

/**
 * Desks that wait for indicators. Either those warm up by themselves, or nobody computes them yet, as after a
 * strategy was loaded anew: both are told once, and technical-analysis is asked for them now and then.
 */
export class UnfedDesks {
  readonly #deps: UnfedDesksDeps
  /** For which, and for how many candles already. */
  readonly #waiting = new Map<string, { readonly names: string; readonly candles: number }>()

  constructor(deps: UnfedDesksDeps) {
    this.#deps = deps
  }

  /** By desk: what it waits for. */
  get missing(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#waiting].map(([key, { names }]) => [key, names]))
  }

  fed(key: string): void {
    this.#waiting.delete(key)
  }

  note(desk: Desk, key: string, missing: readonly string[]): void {
    const names = missing.join(', ')
    const known = this.#waiting.get(key)
    const candles = known?.names === names ? known.candles + 1 : 0
    this.#waiting.set(key, { names, candles })
    if (candles % askEveryCandles === 0) this.#askFor(desk, missing)
    if (candles > 0) return
    this.#deps.context.logger.info(
      { strategy: desk.id, symbol: desk.symbol, missing: names },
      'waiting for indicators: warming up, or asked for',
    )
  }

  #askFor({ venue, symbol }: Desk, missing: readonly string[]): void {
    const { bus, context, shared } = this.#deps
    const { timeframe } = shared
    // Of macd(12,26,9).histogram the part is nothing that is computed by itself.
    const indicators = [...new Set(missing.map((name) => name.replace(/\)\..*$/, ')')))]
    const occurredAt = context.clock.now()
    const message = createMessage(IndicatorsRequested, {
      source: 'strategy',
      occurredAt,
      discriminator: [venue, symbol, timeframe, ...indicators, occurredAt].join(' '),
      payload: { venue, symbol, timeframe, indicators },
    })
    bus.publish(message).catch((err: unknown) => {
      context.logger.warn({ err, symbol }, 'indicators not asked for')
    })
  }
}
