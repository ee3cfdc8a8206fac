/**
 * Whether the venue's streams are believed, or the venue is polled. A stream that drops is opened again; one
 * that drops too often is left alone for a while, longer each time, and polling takes its place. When it is
 * tried again it runs beside the polling until it has held for a while: only then does polling stop.
 *
 * Nothing is lost by a wrong verdict: candles that a stream did not tell are asked for in any case. What is
 * decided here is who asks how often.
 */
export type StreamHealth = {
  readonly link: 'closed' | 'opening' | 'open'
  /** When it opened; null while it is not open. */
  readonly openSince: number | null
  /** When the last event came, or it opened. */
  readonly heardAt: number
  /** Moments of the drops within the window. */
  readonly drops: readonly number[]
  /** How often in a row it was given up; more than none means that it has to prove itself. */
  readonly surrenders: number
  readonly retryAt: number
}

export type StreamLimits = {
  /** Drops within the window after which it is given up. */
  readonly dropsMax: number
  readonly dropWindowMs: number
  /** Wait before it is opened again after the second drop within the window; the first costs none. */
  readonly reopenMs: number
  /** How long it is left alone after it was given up; doubles each time, eightfold at most. */
  readonly restMs: number
  /** How long it must hold, after it was given up, before it is believed again. */
  readonly stableMs: number
  /** Without an event for longer it is as good as broken. */
  readonly silenceMaxMs: number
}

export const streamAtStart: StreamHealth = {
  link: 'closed',
  openSince: null,
  heardAt: 0,
  drops: [],
  surrenders: 0,
  retryAt: 0,
}

export function mayOpen(health: StreamHealth, now: number): boolean {
  return health.link === 'closed' && now >= health.retryAt
}

export function opening(health: StreamHealth): StreamHealth {
  return { ...health, link: 'opening' }
}

export function opened(health: StreamHealth, now: number): StreamHealth {
  return { ...health, link: 'open', openSince: now, heardAt: now }
}

export function heard(health: StreamHealth, now: number): StreamHealth {
  return { ...health, heardAt: Math.max(now, health.heardAt) }
}

/** We closed it ourselves, to open another: nothing speaks against it. */
export function closed(health: StreamHealth): StreamHealth {
  return { ...health, link: 'closed', openSince: null }
}

export function isSilent(health: StreamHealth, now: number, limits: StreamLimits): boolean {
  return health.link === 'open' && now - health.heardAt > limits.silenceMaxMs
}

/** It broke, fell silent, or could not be opened. `spread` from 0 to 1 keeps replicas apart. */
export function dropped(
  health: StreamHealth,
  limits: StreamLimits,
  { now, spread }: { readonly now: number; readonly spread: number },
): StreamHealth {
  const drops = [...health.drops, now].filter((at) => at > now - limits.dropWindowMs)
  const shut = { ...health, link: 'closed', openSince: null } as const
  if (health.surrenders > 0 || drops.length >= limits.dropsMax) {
    const rest = limits.restMs * 2 ** Math.min(health.surrenders, 3)
    const retryAt = now + Math.round(rest * (1 + spread / 4))
    return { ...shut, drops: [], surrenders: health.surrenders + 1, retryAt }
  }
  const wait = limits.reopenMs * (2 ** (drops.length - 1) - 1)
  return { ...shut, drops, retryAt: now + Math.round(wait * (1 + spread / 4)) }
}

/** Takes note of time: one that was given up and has held since then has proved itself. */
export function provenBy(health: StreamHealth, now: number, limits: StreamLimits): StreamHealth {
  if (health.surrenders === 0 || health.openSince === null) return health
  if (isSilent(health, now, limits) || now - health.openSince < limits.stableMs) return health
  return { ...health, surrenders: 0, drops: [] }
}

/** Whether polling may rest. */
export function isTrusted(health: StreamHealth): boolean {
  return health.link === 'open' && health.surrenders === 0
}

export type StreamMode = 'streaming' | 'on trial' | 'polling'

export function modeOf(health: StreamHealth): StreamMode {
  if (health.link !== 'open') return 'polling'
  return health.surrenders === 0 ? 'streaming' : 'on trial'
}
