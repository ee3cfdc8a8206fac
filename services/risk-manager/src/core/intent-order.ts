// Who comes first when several wait for the same account: capital that is scarce goes by priority and
// confidence, not by who asked first. Whoever went before an older one has in its record why.
import type { IntentProposed } from '@flotilla/contracts'
import type { Json } from '@flotilla/ledger'
import { passed, type Check } from './check.ts'

/** What the place of an intent among those that wait follows from. */
export type Rank = Pick<IntentProposed, 'intentId' | 'purpose' | 'confidence'> & {
  /** Of its strategy, -100 to 100. */
  readonly priority: number
}

/** Why an intent was decided when it was, where that is not the order of asking. */
export type Turn = {
  /** How many intents waited for a decision then, this one among them. */
  readonly waiting: number
} & (
  | {
      /** What it is better in than the oldest of those that waited longer. */
      readonly because: 'purpose' | 'priority' | 'confidence'
      readonly own: string | number
      readonly older: string | number
      readonly olderIntentId: string
    }
  | {
      /** So many later ones had gone before it that none more was let. */
      readonly because: 'overtaken'
      readonly times: number
    }
)

export function rankOf(
  { intentId, purpose, confidence, strategy }: IntentProposed,
  priorities: ReadonlyMap<string, number>,
): Rank {
  return { intentId, purpose, confidence, priority: priorities.get(strategy) ?? 0 }
}

/** Exits first, for they free what entries need; among equals (0) the order of asking stays. */
export function compareRanks(one: Rank, other: Rank): number {
  if (one.purpose !== other.purpose) return one.purpose === 'exit' ? -1 : 1
  return other.priority - one.priority || other.confidence - one.confidence
}

/** Of one that goes before an older one that is not better in anything that counts more. */
export function turnBefore(older: Rank, own: Rank, waiting: number): Turn {
  const because =
    own.purpose !== older.purpose
      ? 'purpose'
      : own.priority !== older.priority
        ? 'priority'
        : 'confidence'
  const olderIntentId = older.intentId
  return { waiting, because, own: own[because], older: older[because], olderIntentId }
}

/** First in the record of an intent that was not decided in the order of asking; it denies nothing. */
export const turnTaken: Check = {
  name: 'turn',
  run: ({ turn }) => passed((turn ?? {}) as { readonly [name: string]: Json }),
}
