/** Finds what is missing between stored candles. */
import type { Gap } from './sequence.ts'

/** `openTimes` ascending; the gaps between neighbours that are more than one interval apart. */
export function holesBetween(openTimes: readonly number[], intervalMs: number): Gap[] {
  const holes: Gap[] = []
  for (let index = 1; index < openTimes.length; index += 1) {
    const from = (openTimes[index - 1] as number) + intervalMs
    const to = openTimes[index] as number
    if (to > from) holes.push({ from, to })
  }
  return holes
}
