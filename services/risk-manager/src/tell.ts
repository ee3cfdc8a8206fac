import type { AnyMessage } from '@flotilla/contracts'
import type { Logger } from '@flotilla/runtime'

/** Another regime is something that an operator wants to hear of at once. */
export function tellRegimes(log: Logger, said: readonly AnyMessage[]): void {
  for (const { type, payload } of said) {
    if (type !== 'risk.regime.changed.v1') continue
    const { account, from, to, drawdownPercent, reason } = payload
    log.warn({ account, from, to, drawdownPercent, reason }, 'drawdown regime changed')
  }
}
