import { VenueError } from '@flotilla/venue'
import type { Venue, VenueCandle } from '@flotilla/venue'

export type CandleRange = {
  readonly symbol: string
  readonly timeframe: string
  readonly intervalMs: number
  /** Opening times: inclusive, exclusive. */
  readonly from: number
  readonly to: number
}

export type DownloadOptions = {
  readonly venue: Pick<Venue, 'fetchCandles'>
  /** Real milliseconds; rejects when the download is to end. */
  readonly sleep: (ms: number) => Promise<void>
  /** Each page as it comes: ascending, closed, each candle once, all within the range. */
  readonly onPage: (candles: readonly VenueCandle[]) => void
  /** What the venue failed with, before it is asked again. */
  readonly onFault: (error: VenueError, waitMs: number) => void
}

const pageCandles = 1_000
/**
 * Where nothing was traded some venues have no candle, and their pages are stretches of time: an empty one says
 * nothing of what comes after it. The shortest is that of Coinbase.
 */
const leastPage = 300
const attemptsMax = 8
const waitMs = { first: 1_000, most: 60_000 }

/** Page after page from the venue; passing faults are waited out, others thrown. */
export async function downloadCandles(range: CandleRange, options: DownloadOptions): Promise<void> {
  const { intervalMs, to } = range
  let since = Math.ceil(range.from / intervalMs) * intervalMs
  while (since < to) {
    const answer = await askPatiently({ ...range, from: since }, options)
    const page = pageOf(answer, { ...range, from: since })
    const last = page.at(-1)
    if (last !== undefined) options.onPage(page)
    since = last === undefined ? since + leastPage * intervalMs : last.openTime + intervalMs
  }
}

function pageOf(answer: readonly VenueCandle[], range: CandleRange): VenueCandle[] {
  const { from, to, intervalMs } = range
  const byTime = new Map(
    answer
      .filter(({ closed, openTime }) => closed && openTime >= from && openTime < to)
      .filter(({ openTime }) => openTime % intervalMs === 0)
      .map((candle) => [candle.openTime, candle]),
  )
  return [...byTime.values()].toSorted((left, right) => left.openTime - right.openTime)
}

async function askPatiently(
  range: CandleRange,
  { venue, sleep, onFault }: DownloadOptions,
): Promise<readonly VenueCandle[]> {
  const { symbol, timeframe, from, to, intervalMs } = range
  const limit = Math.min(pageCandles, Math.ceil((to - from) / intervalMs))
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await venue.fetchCandles({ symbol, timeframe, since: from, limit })
    } catch (error) {
      const passes = error instanceof VenueError && error.retryable && attempt < attemptsMax
      if (!passes) throw error
      const doubled = Math.min(waitMs.most, waitMs.first * 2 ** (attempt - 1))
      const wait = Math.max(doubled, error.retryAfterMs ?? 0)
      onFault(error, wait)
      await sleep(wait)
    }
  }
}
