// Who comes first when several ask at the same moment: capital that is scarce goes by priority and
// confidence, not by who asked first.
import type { IntentProposed } from '@flotilla/contracts'

type Asking = Pick<IntentProposed, 'strategy' | 'purpose' | 'confidence'>

/** Exits first, for they free what entries need; among equals the order of asking stays. */
export function compareIntents(
  one: Asking,
  other: Asking,
  priorities: ReadonlyMap<string, number>,
): number {
  const rank = ({ purpose }: Asking) => (purpose === 'exit' ? 0 : 1)
  const priority = ({ strategy }: Asking) => priorities.get(strategy) ?? 0
  return (
    rank(one) - rank(other) || priority(other) - priority(one) || other.confidence - one.confidence
  )
}
