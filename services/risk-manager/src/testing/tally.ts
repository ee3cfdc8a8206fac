/** How often the things happened that the interleavings are about. */
export type Tally = Record<
  | 'commits'
  | 'refusedToStaleLeaders'
  | 'lostRequests'
  | 'lostAnswers'
  | 'duplicates'
  | 'booksCompared'
  | 'approvals'
  | 'denials'
  | 'partialFills'
  | 'fills'
  | 'cancels'
  | 'unknowns'
  | 'stops'
  | 'crashes'
  | 'takeovers',
  number
>

export function newTally(): Tally {
  return {
    commits: 0,
    refusedToStaleLeaders: 0,
    lostRequests: 0,
    lostAnswers: 0,
    duplicates: 0,
    booksCompared: 0,
    approvals: 0,
    denials: 0,
    partialFills: 0,
    fills: 0,
    cancels: 0,
    unknowns: 0,
    stops: 0,
    crashes: 0,
    takeovers: 0,
  }
}
