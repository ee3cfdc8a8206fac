import { randomUUID } from 'node:crypto'

/**
 * The listen keys by which old clients heard of their account, before the exchange retired them in 2026
 * (its user-data-stream document of 2024-04-02): one for the account, good for an hour of real time, which
 * each further request for one and each sign of life extends.
 */
export type ListenKeys = {
  /** The key of the account, made when there is none. */
  open(): string
  /** False when there is no such key. */
  extend(key: string): boolean
  close(key: string): boolean
  isActive(key: string): boolean
  /** The key whose hour has passed since the last call, or null. */
  takeExpired(): string | null
}

const VALID_MS = 3_600_000

export function createListenKeys(realNow: () => number): ListenKeys {
  let active: { readonly key: string; until: number } | null = null
  const find = (key: string): typeof active =>
    active !== null && active.key === key && realNow() < active.until ? active : null
  return {
    open: () => {
      const until = realNow() + VALID_MS
      if (active === null || realNow() >= active.until) active = { key: newKey(), until }
      active.until = until
      return active.key
    },
    extend: (key) => {
      const found = find(key)
      if (found !== null) found.until = realNow() + VALID_MS
      return found !== null
    },
    close: (key) => {
      const isFound = find(key) !== null
      if (isFound) active = null
      return isFound
    },
    isActive: (key) => find(key) !== null,
    takeExpired: () => {
      if (active === null || realNow() < active.until) return null
      const { key } = active
      active = null
      return key
    },
  }
}

/** Sixty-four letters and digits, as the exchange's own. */
function newKey(): string {
  return `${randomUUID()}${randomUUID()}`.replaceAll('-', '')
}
