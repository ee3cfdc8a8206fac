/** The known word that was probably meant, or null when nothing is near enough to be worth saying. */
export function nearest(word: string, known: readonly string[]): string | null {
  const wanted = word.toLowerCase()
  let best: { word: string; distance: number } | null = null
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (best === null || distance < best.distance) best = { word: candidate, distance }
  }
  const allowed = Math.max(1, Math.ceil(word.length / 3))
  return best !== null && best.distance <= allowed ? best.word : null
}

/** Insertions, deletions, substitutions and swaps of neighbours, each counted as one. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1]
      const swapped =
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1]
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return at(last, right.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
