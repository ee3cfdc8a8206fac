/** A desk's memory as it is stored. It was written by an earlier version of us, so it is checked. */
import type { StrategyState } from '@flotilla/strategy-kit'
import { z } from 'zod'
import type { DeskMemory } from './desk.ts'

const stored = z.strictObject({
  state: z.json(),
  openIntent: z
    .strictObject({
      intentId: z.string(),
      purpose: z.enum(['entry', 'exit']),
      expiresAt: z.number(),
    })
    .nullable(),
  entered: z.boolean(),
  entryCooldownUntil: z.number(),
  exitCooldownUntil: z.number(),
  lastCandle: z.number().nullable(),
})

/** Null when it cannot be read: the desk then starts afresh. */
export function parseMemory(value: unknown): DeskMemory | null {
  const result = stored.safeParse(value)
  return result.success ? { ...result.data, state: result.data.state as StrategyState } : null
}
