/**
 * The order of candles of one symbol and timeframe.
 *
 * A closed candle goes out once, in order, and only when nothing before it is missing. What comes
 * ahead of a gap waits until the gap is filled, or until the venue has answered several times that it
 * has nothing there (exchanges do have such holes). A forming candle is never let through. A candle
 * that has gone out and comes again with other figures is a correction: to be stored and counted, not
 * to be sent again.
 */
import type { VenueCandle } from '@flotilla/venue'

export type Sequence = {
  readonly intervalMs: number
  /** Opening time of the candle that must go out next; null until there has been one. */
  readonly nextOpenTime: number | null
  /** Closed candles that came ahead of a gap, oldest first. */
  readonly waiting: readonly VenueCandle[]
  /** The newest candles that went out, oldest first: what a correction is recognised by. */
  readonly recent: readonly VenueCandle[]
  /** How often the venue was asked for the gap at hand and had nothing. */
  readonly emptyAnswers: number
}

/** Half-open: `to` is the opening time of the first candle that is there. */
export type Gap = { readonly from: number; readonly to: number }

export type SequenceDecision = {
  readonly sequence: Sequence
  /** To be published and stored, in this order. */
  readonly released: readonly VenueCandle[]
  /** To be stored in place of what went out before. */
  readonly corrections: readonly VenueCandle[]
  /** To be asked for before anything newer goes out. */
  readonly gap: Gap | null
  /** Holes that the venue itself has; what comes after them was released. */
  readonly abandoned: readonly Gap[]
  readonly counts: SequenceCounts
}

export type SequenceCounts = {
  readonly duplicates: number
  readonly unclosed: number
  /** Off the timeframe's grid, of another length, or with prices that cannot be. */
  readonly invalid: number
}

/** Enough for a venue's usual corrections, which come within minutes. */
export const recentMax = 16
/** A gap is believed to be the venue's own after this many answers without it. */
export const emptyAnswersMax = 3
/** What waits beyond this is dropped: it comes again when the gap is filled. */
const waitingMax = 5_000

/** Starts after the given candles, oldest first, which have gone out before. */
export function createSequence(intervalMs: number, known: readonly VenueCandle[] = []): Sequence {
  const newest = known.at(-1)
  return {
    intervalMs,
    nextOpenTime: newest === undefined ? null : newest.openTime + intervalMs,
    waiting: [],
    recent: known.slice(-recentMax),
    emptyAnswers: 0,
  }
}

/** Takes candles from anywhere, in any order, damaged in any way. */
export function observe(sequence: Sequence, candles: readonly VenueCandle[]): SequenceDecision {
  const sorted = sort(sequence, candles)
  return release({ ...sequence, recent: sorted.recent, waiting: sorted.waiting }, sorted)
}

/**
 * Takes the venue's answer to the question for a gap. When the answer reaches past the gap and the
 * first missing candle is still not in it, the venue does not have it; after several such answers the
 * gap is given up.
 */
export function observeAnswer(
  sequence: Sequence,
  asked: Gap,
  candles: readonly VenueCandle[],
): SequenceDecision {
  const decision = observe(sequence, candles)
  const { gap } = decision
  if (gap === null || gap.from !== asked.from) return decision
  if (!candles.some((candle) => candle.openTime > gap.from)) return decision
  const emptyAnswers = sequence.emptyAnswers + 1
  if (emptyAnswers < emptyAnswersMax) {
    return { ...decision, sequence: { ...decision.sequence, emptyAnswers } }
  }
  const opened = release({ ...decision.sequence, nextOpenTime: gap.to }, decision)
  const released = [...decision.released, ...opened.released]
  return { ...opened, released, abandoned: [gap] }
}

type Sorted = Pick<SequenceDecision, 'corrections' | 'counts'>

function sort(
  sequence: Sequence,
  candles: readonly VenueCandle[],
): Sorted & Pick<Sequence, 'waiting' | 'recent'> {
  const counts = { duplicates: 0, unclosed: 0, invalid: 0 }
  const corrections: VenueCandle[] = []
  const recent = [...sequence.recent]
  const waiting = new Map(sequence.waiting.map((candle) => [candle.openTime, candle]))
  for (const candle of candles) {
    if (!isValid(candle, sequence.intervalMs)) counts.invalid += 1
    else if (!candle.closed) counts.unclosed += 1
    else if (sequence.nextOpenTime !== null && candle.openTime < sequence.nextOpenTime) {
      if (correct(recent, candle)) corrections.push(candle)
      else counts.duplicates += 1
    } else {
      if (waiting.has(candle.openTime)) counts.duplicates += 1
      waiting.set(candle.openTime, candle)
    }
  }
  const ordered = [...waiting.values()].toSorted((left, right) => left.openTime - right.openTime)
  return { corrections, counts, recent, waiting: ordered.slice(0, waitingMax) }
}

function release(sequence: Sequence, sorted: Sorted): SequenceDecision {
  const { intervalMs, waiting } = sequence
  const start = sequence.nextOpenTime ?? waiting[0]?.openTime ?? null
  const { corrections, counts } = sorted
  let count = 0
  while (start !== null && waiting[count]?.openTime === start + count * intervalMs) count += 1
  const released = waiting.slice(0, count)
  const moved: Sequence = {
    intervalMs,
    nextOpenTime: start === null ? null : start + count * intervalMs,
    waiting: waiting.slice(count),
    recent: count === 0 ? sequence.recent : [...sequence.recent, ...released].slice(-recentMax),
    emptyAnswers: count === 0 ? sequence.emptyAnswers : 0,
  }
  return { sequence: moved, released, corrections, gap: gapOf(moved), abandoned: [], counts }
}

/** What is missing before the first candle that waits. */
export function gapOf(sequence: Sequence): Gap | null {
  const first = sequence.waiting[0]
  if (first === undefined || sequence.nextOpenTime === null) return null
  return { from: sequence.nextOpenTime, to: first.openTime }
}

/**
 * Whether the candle, which lies before the next to go out, says something new: other figures than
 * we sent, or a candle in a hole that was given up. What is older than we remember is taken as known.
 */
function correct(recent: VenueCandle[], candle: VenueCandle): boolean {
  const position = recent.findIndex((known) => known.openTime >= candle.openTime)
  const known = recent[position]
  if (known === undefined || position < 0) return false
  if (known.openTime !== candle.openTime) {
    if (position === 0) return false
    recent.splice(position, 0, candle)
    return true
  }
  if (sameFigures(known, candle)) return false
  recent[position] = candle
  return true
}

export function sameFigures(left: VenueCandle, right: VenueCandle): boolean {
  return (
    left.open.equals(right.open) &&
    left.high.equals(right.high) &&
    left.low.equals(right.low) &&
    left.close.equals(right.close) &&
    left.baseVolume.equals(right.baseVolume)
  )
}

function isValid(candle: VenueCandle, intervalMs: number): boolean {
  const { openTime, closeTime, open, high, low, close } = candle
  if (openTime % intervalMs !== 0 || closeTime - openTime !== intervalMs) return false
  if (!low.isPositive() || candle.baseVolume.isNegative()) return false
  return high.atLeast(open) && high.atLeast(close) && low.atMost(open) && low.atMost(close)
}
