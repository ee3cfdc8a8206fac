/**
 * The difference between the venue's clock and ours. The venue decides when a candle has ended and stamps its
 * prices; an agent that judged both by a clock that is minutes off would ask too late, or take every price
 * for old.
 */
export type TimeQuestion = {
  /** Our time when the venue was asked, and when its answer was here. */
  readonly askedAt: number
  readonly answeredAt: number
  readonly venueTime: number
}

/**
 * Milliseconds that the venue is ahead of us; negative when it is behind. The venue looked at its clock at
 * some moment between question and answer: so much of the difference may be the way, and is left out.
 * Clocks that agree within that are taken as equal.
 */
export function skewOf({ askedAt, answeredAt, venueTime }: TimeQuestion): number {
  const middle = (askedAt + answeredAt) / 2
  const doubt = Math.abs(answeredAt - askedAt) / 2
  const difference = venueTime - middle
  const sure = Math.max(0, Math.abs(difference) - doubt)
  return sure === 0 ? 0 : Math.round(Math.sign(difference) * sure)
}

type Closing = { readonly closed: boolean; readonly closeTime: number }

/** So much the two clocks may be apart before a candle's end is doubted, in ms: a second and some. */
const doubtMs = 2_000

/**
 * A candle that is called closed but ends in the future is a forming one, whoever says otherwise: a venue
 * that marks nothing, or an adapter that trusted a wrong clock.
 */
export function believeClosed<Candle extends Closing>(
  candles: readonly Candle[],
  venueNow: number,
): Candle[] {
  return candles.map((candle) =>
    candle.closed && candle.closeTime > venueNow + doubtMs ? { ...candle, closed: false } : candle,
  )
}
