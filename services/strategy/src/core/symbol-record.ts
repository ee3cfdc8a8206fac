/**
 * What all desks of a symbol share: the pause between entries, and the quarantine of a symbol whose orders
 * fail again and again. It survives restarts.
 */
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { z } from 'zod'

// What earlier versions kept beside it is passed over.
const stored = z.object({
  /** No desk enters before this. */
  entryCooldownUntil: z.number(),
  /** When orders failed, oldest first; forgotten when an order is filled. */
  failures: z.array(z.number()),
  quarantinedUntil: z.number(),
})
export type SymbolRecord = Readonly<z.infer<typeof stored>>

export type SymbolLimits = {
  /** After an entry went out, and after a position was closed. */
  readonly cooldownMs: number
  /** So many failures within that time put a symbol into quarantine. */
  readonly quarantineFailures: number
  readonly quarantineWithinMs: number
  readonly quarantineMs: number
}

type Options = { readonly now: number; readonly limits: SymbolLimits }

export const freshRecord: SymbolRecord = {
  entryCooldownUntil: 0,
  failures: [],
  quarantinedUntil: 0,
}

/** Null when it cannot be read: the symbol then starts afresh. */
export function parseRecord(value: unknown): SymbolRecord | null {
  return stored.safeParse(value).data ?? null
}

/** An entry went out, or a position was closed. */
export function afterTrade(record: SymbolRecord, { now, limits }: Options): SymbolRecord {
  const entryCooldownUntil = Math.max(record.entryCooldownUntil, now + limits.cooldownMs)
  return { ...record, entryCooldownUntil }
}

/** The venue refused an order, or it is proved never to have got there. */
export function isOrderFailure(
  message: AnyMessage,
): message is MessageOfType<'execution.order.rejected.v1' | 'execution.order.expired.v1'> {
  if (message.type === 'execution.order.rejected.v1') return true
  return message.type === 'execution.order.expired.v1' && message.payload.code === 'not_placed'
}

export function afterFailure(record: SymbolRecord, { now, limits }: Options): SymbolRecord {
  const recent = record.failures.filter((at) => at > now - limits.quarantineWithinMs)
  const failures = [...recent, now]
  if (failures.length < limits.quarantineFailures) return { ...record, failures }
  // What led to a quarantine is paid for with it: after it the count begins anew.
  return { ...record, failures: [], quarantinedUntil: now + limits.quarantineMs }
}

/** The venue takes our orders again. Null when there was nothing to forget. */
export function afterFill(record: SymbolRecord): SymbolRecord | null {
  return record.failures.length === 0 ? null : { ...record, failures: [] }
}
