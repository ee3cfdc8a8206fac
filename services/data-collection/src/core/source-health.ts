/**
 * Whether the venue may be asked now. A passing fault is waited out, longer each time; a fault that only
 * a person can mend (a key, a block) disables the source until the agent is started with other settings:
 * asking on would only make it worse.
 */
export type SourceHealth =
  | { readonly state: 'healthy' }
  | {
      readonly state: 'degraded'
      readonly reason: string
      readonly failures: number
      readonly retryAt: number
    }
  | { readonly state: 'disabled'; readonly reason: string }

export type SourceFault = {
  readonly reason: string
  /** Only a change of settings can help. */
  readonly permanent: boolean
  /** What the venue asked for, where it did. */
  readonly retryAfterMs: number | null
}

export type BackoffLimits = { readonly minimumMs: number; readonly maximumMs: number }

export const healthy: SourceHealth = { state: 'healthy' }

export function mayAsk(health: SourceHealth, now: number): boolean {
  switch (health.state) {
    case 'healthy':
      return true
    case 'degraded':
      return now >= health.retryAt
    case 'disabled':
      return false
  }
}

/** `spread` from 0 to 1 keeps several agents from asking again in the same instant. */
export function afterFault(
  health: SourceHealth,
  fault: SourceFault,
  options: BackoffLimits & { readonly now: number; readonly spread: number },
): SourceHealth {
  if (health.state === 'disabled') return health
  if (fault.permanent) return { state: 'disabled', reason: fault.reason }
  const failures = health.state === 'degraded' ? health.failures + 1 : 1
  const doubled = Math.min(options.maximumMs, options.minimumMs * 2 ** Math.min(failures - 1, 20))
  const wait = Math.max(fault.retryAfterMs ?? 0, Math.round(doubled * (1 + options.spread / 4)))
  return { state: 'degraded', reason: fault.reason, failures, retryAt: options.now + wait }
}
