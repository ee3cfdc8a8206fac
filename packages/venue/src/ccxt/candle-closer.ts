/**
 * Closed candles beside a stream that does not say when one has ended. A candle is told as closed when its
 * time is over by the venue's clock and two witnesses agree on its figures: the venue, asked for it, and
 * either what the stream has shown or the venue's own answer a moment before. What cannot be agreed on is not
 * told here: whoever polls finds it.
 */
import { pause, type Cancel } from '../clock.ts'
import type { CandleRequest, VenueCandle } from '../port.ts'
import { realTimer, type Timer } from '../watchdog.ts'
import { sameFigures, withTrade } from './forming-candle.ts'
import type { Figures, FormingCandle, Trade } from './forming-candle.ts'

export type CandleCloserOptions = {
  readonly symbol: string
  readonly timeframe: string
  readonly intervalMs: number
  readonly venueTime: () => number
  /** As it is polled: closed by the venue's clock. */
  readonly fetchCandles: (request: CandleRequest) => Promise<readonly VenueCandle[]>
  readonly onCandle: (candle: VenueCandle) => void
  /** Real milliseconds that the venue is given to make a candle final. */
  readonly settleMs: number
  readonly timer?: Timer | undefined
}

const questionsMax = 3
const candlesAtOnce = 300
/** Looks at the clock are never closer together than this. */
const leastWaitMs = 250
/** After so many looks that told nothing the pause between them grows no more. */
const doublingsMax = 16

export class CandleCloser {
  readonly #options: CandleCloserOptions
  readonly #timer: Timer
  readonly #stopped = new AbortController()
  #cancel: Cancel = () => undefined
  /** When the next candle to be told began. */
  #next: number
  #forming: FormingCandle | null = null
  /** The one before it, as the stream has shown it. */
  #shown: FormingCandle | null = null
  #isAsking = false
  /** Looks in a row that told nothing: where nothing is traded some venues have no candle, others are away. */
  #fruitless = 0

  constructor(options: CandleCloserOptions) {
    this.#options = options
    this.#timer = options.timer ?? realTimer
    const { intervalMs, venueTime } = options
    this.#next = Math.floor(venueTime() / intervalMs) * intervalMs
    this.#wait()
  }

  takeTrade(trade: Trade): void {
    this.#show(withTrade(this.#forming, trade, this.#options.intervalMs))
  }

  takeKline(figures: Figures): void {
    if (figures.openTime < (this.#forming?.openTime ?? 0)) return
    this.#show({ ...figures, whole: true })
  }

  stop(): void {
    this.#stopped.abort()
    this.#cancel()
  }

  #show(forming: FormingCandle): void {
    if (this.#stopped.signal.aborted) return
    const before = this.#forming
    this.#forming = forming
    if (forming.whole) this.#options.onCandle(this.#candleOf(forming))
    if (before?.openTime === forming.openTime) return
    this.#fruitless = 0
    if (before === null) {
      if (!this.#isAsking) this.#wait()
      return
    }
    this.#shown = before
    this.#ask()
  }

  /** A market in which nothing happens shows no later candle. */
  #wait(): void {
    this.#cancel()
    const { intervalMs, settleMs, venueTime } = this.#options
    // What the stream shows is looked for at its own end, however quiet it was before, unless one is owed already.
    const shows = this.#isOverdue ? 0 : (this.#forming?.openTime ?? 0)
    const expected = Math.max(this.#next, shows)
    const left = expected + intervalMs + settleMs - venueTime()
    const wait = Math.max(leastWaitMs, left > 0 ? left : this.#restMs)
    this.#cancel = this.#timer.after(wait, () => this.#ask())
  }

  /** Doubled up to the length of a candle, and begun anew when the stream shows a new one. */
  get #restMs(): number {
    if (this.#fruitless === 0) return 0
    const { intervalMs, settleMs } = this.#options
    return Math.min(intervalMs, settleMs * 2 ** Math.min(doublingsMax, this.#fruitless - 1))
  }

  #ask(): void {
    if (this.#isAsking || this.#stopped.signal.aborted) return
    this.#isAsking = true
    const before = this.#next
    this.#close()
      // Its failure is the poll's to meet and to tell.
      .catch(() => undefined)
      .finally(() => {
        this.#isAsking = false
        this.#fruitless = this.#next > before ? 0 : this.#fruitless + 1
        if (!this.#stopped.signal.aborted) this.#wait()
      })
  }

  async #close(): Promise<void> {
    const { signal } = this.#stopped
    let answered: VenueCandle | null = null
    for (let question = 0; question < questionsMax; question += 1) {
      const ended = await this.#fetchEnded()
      const newest = ended.at(-1)
      if (signal.aborted || (newest === undefined && !this.#isOverdue)) return
      if (newest !== undefined) {
        const witnesses: readonly (Figures | null)[] = [this.#shown, this.#forming, answered]
        if (witnesses.some((each) => each !== null && sameFigures(each, newest))) {
          for (const candle of ended) this.#options.onCandle(candle)
          this.#next = newest.closeTime
          return
        }
        answered = newest
      }
      await pause(this.#options.settleMs, signal)
    }
  }

  /** The stream has shown trades in a candle that the venue does not answer with yet. */
  get #isOverdue(): boolean {
    return this.#shown !== null && this.#shown.openTime >= this.#next
  }

  async #fetchEnded(): Promise<readonly VenueCandle[]> {
    const { symbol, timeframe, intervalMs, venueTime, fetchCandles } = this.#options
    const now = venueTime()
    if (now < this.#next + intervalMs) return []
    // At some venues a page is a stretch of time, and one without a trade would hide all that follows it.
    const oldest = Math.floor(now / intervalMs - (candlesAtOnce - 1)) * intervalMs
    const since = Math.max(this.#next, oldest)
    const limit = Math.min(candlesAtOnce, Math.ceil((now - since) / intervalMs) + 1)
    const answer = await fetchCandles({ symbol, timeframe, since, limit })
    return answer.filter(({ openTime, closed }) => closed && openTime >= since)
  }

  #candleOf(figures: Figures): VenueCandle {
    const { symbol, timeframe, intervalMs } = this.#options
    const { openTime, open, high, low, close, baseVolume } = figures
    const quoteVolume = baseVolume.times(high.plus(low).times('0.5'))
    const values = { open, high, low, close, baseVolume, quoteVolume }
    return {
      symbol,
      timeframe,
      openTime,
      closeTime: openTime + intervalMs,
      ...values,
      closed: false,
    }
  }
}
