/**
 * Whether the venue may be asked now. A passing fault is waited out, longer each time; after several in a
 * row the circuit is open, and one small question goes ahead of everything else. A fault that only a person
 * can mend (a key, a block) disables the source until its credentials have changed: asking on would only
 * make it worse.
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

/** Whether only one small question may be asked, to see if there is somebody again. */
export function mustProbe(health: SourceHealth, breakerFailures: number): boolean {
  return health.state === 'degraded' && health.failures >= breakerFailures
}

/**
 * From 0 to 1, other for each attempt and each seed, and the same again in the same run: replicas that
 * failed together do not come back together.
 */
export function jitterOf(seed: string, attempt: number): number {
  let hash = 0x811c9dc5
  for (const character of `${seed} ${attempt}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
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
