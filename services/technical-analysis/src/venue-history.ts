import type { Bus } from '@flotilla/bus'
import { createMessage, epochMs, HistoryRequested, instant, timeframeMs } from '@flotilla/contracts'
import type { MessageOfType } from '@flotilla/contracts'
import type { AgentContext } from '@flotilla/runtime'
import type { AnalysedCandle, AnalysedSeries, MarketAnalysis } from './core/index.ts'

type Provided = MessageOfType<'market.history.provided.v1'>

type Request = {
  /** How often it was asked, and how many candles came since. */
  asked: number
  waited: number
  messageId: string | null
  pages: Map<number, readonly AnalysedCandle[]>
  answer: readonly AnalysedCandle[] | null
  /** What was fed since it was asked: the answer does not have it. */
  readonly fed: AnalysedCandle[]
  /** What the venue has was given: it is of no use to ask for more. */
  isOver: boolean
}

/** An answer may be lost, its venue away: asked again after five candles, ten, fifteen, twenty. */
const asksMax = 5
const candlesBetween = 5
/** Answers come in seconds; who waits longer asks again and begins anew. */
const fedMax = 500

/**
 * Candles from the venue, by way of data-collection: this agent has no venue of its own. Asked for when the
 * market store is away, empty or too short; used with the next candle.
 */
export class VenueHistory {
  readonly #context: Pick<AgentContext, 'clock' | 'logger'>
  readonly #bus: Pick<Bus, 'publish'>
  readonly #requests = new Map<string, Request>()

  constructor(options: {
    readonly context: Pick<AgentContext, 'clock' | 'logger'>
    readonly bus: Pick<Bus, 'publish'>
  }) {
    this.#context = options.context
    this.#bus = options.bus
  }

  /** Called with each candle while an analysis is not warm; asks when it is time to. Never throws. */
  async want(market: MarketAnalysis, to: number): Promise<void> {
    const { venue, symbol, timeframe } = market.base.series
    const series = { venue, symbol, timeframe }
    const request = this.#of(series)
    if (request.isOver || request.answer !== null || request.asked >= asksMax) return
    request.waited += 1
    if (request.asked > 0 && request.waited < candlesBetween * request.asked) return
    request.asked += 1
    request.waited = 0
    request.pages.clear()
    request.fed.length = 0
    const from = market.warmUpFrom(to)
    const message = createMessage(HistoryRequested, {
      source: 'technical-analysis',
      occurredAt: this.#context.clock.now(),
      discriminator: `${keyOf(series)} ${String(from)} ${String(to)} ${String(request.asked)}`,
      payload: { ...series, from: instant(from), to: instant(to) },
    })
    request.messageId = message.messageId
    try {
      await this.#bus.publish(message)
      this.#context.logger.info({ symbol, from }, 'history asked for at the venue')
    } catch (err) {
      this.#context.logger.warn({ err, symbol }, 'history not asked for')
    }
  }

  /** Pages may come twice and in any order. */
  take({ causationId, payload }: Provided): void {
    const request = this.#requests.get(keyOf(payload))
    if (request === undefined || request.messageId !== causationId) return
    request.pages.set(payload.page, candlesOf(payload))
    if (request.pages.size < payload.pages) return
    request.answer = [...request.pages.entries()]
      .toSorted(([one], [other]) => one - other)
      .flatMap(([, candles]) => candles)
    request.pages.clear()
  }

  /** What is fed while an answer is awaited. */
  noteFed(series: AnalysedSeries, candle: AnalysedCandle): void {
    const request = this.#requests.get(keyOf(series))
    if (request === undefined || request.isOver || request.asked === 0) return
    if (request.fed.length < fedMax) request.fed.push(candle)
  }

  /** The answer, once, with what was fed since it was asked for; null while there is none. */
  answerFor({ base: { series } }: MarketAnalysis): readonly AnalysedCandle[] | null {
    const request = this.#requests.get(keyOf(series))
    if (request?.answer == null) return null
    const { answer, fed } = request
    const end = answer.at(-1)?.openTime ?? -Infinity
    const whole = [...answer, ...fed.filter(({ openTime }) => openTime > end)]
    request.answer = null
    return whole
  }

  /** The venue has given what it has: to ask again would bring no more. */
  used({ base: { series } }: MarketAnalysis): void {
    const request = this.#of(series)
    request.isOver = true
    request.fed.length = 0
  }

  /** All is warm. */
  forget({ base: { series } }: MarketAnalysis): void {
    if (this.#requests.size > 0) this.#requests.delete(keyOf(series))
  }

  #of(series: AnalysedSeries): Request {
    const key = keyOf(series)
    const known = this.#requests.get(key)
    if (known !== undefined) return known
    const request: Request = {
      asked: 0,
      waited: 0,
      messageId: null,
      pages: new Map(),
      answer: null,
      fed: [],
      isOver: false,
    }
    this.#requests.set(key, request)
    return request
  }
}

function keyOf({ venue, symbol, timeframe }: AnalysedSeries): string {
  return `${venue} ${symbol} ${timeframe}`
}

function candlesOf({ timeframe, candles }: Provided['payload']): AnalysedCandle[] {
  return candles.map(([openTime, , high, low, close, volume]) => ({
    openTime: epochMs(openTime),
    closeTime: epochMs(openTime) + timeframeMs[timeframe],
    high: Number(high),
    low: Number(low),
    close: Number(close),
    closeText: close,
    volume: Number(volume),
  }))
}
