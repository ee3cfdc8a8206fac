import { realClock, type Logger } from '@flotilla/runtime'
import { z } from 'zod'
import { MINUTE_MS, minuteOf, units, type Candle } from '../core/index.ts'
import { openLiveExchange, type LiveExchange } from './live-exchange.ts'
import { loopsOf, type LiveSource, type Loop } from './live-loops.ts'
import { createLiveTape } from './live-tape.ts'
import { amountOf, priceOf } from './venue-numbers.ts'

export type FollowOptions = {
  /** Its ccxt id, as binance or kraken. */
  readonly venue: string
  /** Where the venue is, if not where ccxt has it. */
  readonly url?: string | undefined
  readonly symbols: readonly string[]
  readonly historyMinutes: number
  /** Between two looks, where the venue has no streams; real milliseconds. */
  readonly pollMs: number
  readonly silenceMaxMs: number
  readonly logger: Logger
}

export type Followed = {
  readonly sources: readonly LiveSource[]
  stop(): Promise<void>
}

/**
 * Follows the public feed of a venue: candles of before, then every trade and book as they come. The
 * moment of a trade is that at which we heard of it, so that no order is matched with what was past.
 */
export async function followVenue(options: FollowOptions): Promise<Followed> {
  const exchange = await openLiveExchange(options.venue, options.url)
  const ending = new AbortController()
  try {
    const sources = []
    for (const symbol of options.symbols) sources.push(await openSource(exchange, symbol, options))
    const loops = sources.flatMap((source) => loopsOf(exchange, source, options.venue))
    const running = loops.map((loop) => keepUp(loop, options, ending.signal))
    return {
      sources,
      stop: async () => {
        ending.abort()
        await exchange.close()
        await Promise.all(running)
      },
    }
  } catch (error) {
    await exchange.close()
    throw error
  }
}

async function openSource(
  exchange: LiveExchange,
  symbol: string,
  options: FollowOptions,
): Promise<LiveSource> {
  const market = exchange.markets[symbol]
  if (market === undefined) {
    throw new Error(`simulator.symbols: ${options.venue} does not list ${symbol}; leave it out`)
  }
  const tick = stepOf(exchange, market.precision?.price)
  const step = stepOf(exchange, market.precision?.amount)
  const candles = await readCandles(exchange, symbol, { ...options, tick })
  const from = realClock.now()
  const live = createLiveTape({ candles, from, silenceMaxMs: options.silenceMaxMs })
  return { symbol, live, tick, step }
}

/** ccxt states precision as a step, or as a number of places. */
const TICK_SIZE = 4
const FINEST = units('0.00000001')

function stepOf({ precisionMode }: LiveExchange, precision: number | undefined): bigint {
  if (precision === undefined) return FINEST
  const step = precisionMode === TICK_SIZE ? precision : 10 ** -precision
  return amountOf(step) ?? FINEST
}

const Candles = z.array(z.array(z.number().nullish()))

async function readCandles(
  exchange: LiveExchange,
  symbol: string,
  { historyMinutes, tick }: FollowOptions & { tick: bigint },
): Promise<Map<number, Candle>> {
  const candles = new Map<number, Candle>()
  if (exchange.has['fetchOHLCV'] !== true) return candles
  let since = (minuteOf(realClock.now()) - historyMinutes) * MINUTE_MS
  while (since <= realClock.now()) {
    const rows = Candles.parse(await exchange.fetchOHLCV(symbol, '1m', since, 500))
    for (const [time, ...values] of rows) {
      const candle = candleIn(values, tick)
      if (typeof time === 'number' && candle !== null) candles.set(minuteOf(time), candle)
    }
    const last = rows.at(-1)?.[0] ?? -1
    if (last < since) break
    since = last + MINUTE_MS
  }
  return candles
}

/** Open, high, low, close and volume. */
function candleIn(values: readonly (number | null | undefined)[], tick: bigint): Candle | null {
  const [open, high, low, close] = values.slice(0, 4).map((value) => priceOf(value, tick) ?? 0n)
  const prices = { open: open ?? 0n, high: high ?? 0n, low: low ?? 0n, close: close ?? 0n }
  const isWhole = Object.values(prices).every((price) => price > 0n)
  return isWhole ? { ...prices, volume: amountOf(values[4]) ?? 0n } : null
}

const RETRY_MS = 1_000

/** A venue that fails is asked again; the market closes by itself when it stays silent. */
async function keepUp(
  loop: Loop,
  { pollMs, logger }: FollowOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let pause = loop.isStream ? 0 : pollMs
    try {
      await loop.next()
    } catch (error) {
      if (signal.aborted) return
      logger.warn({ err: error, feed: loop.name }, 'venue feed failed')
      pause = RETRY_MS
    }
    if (pause > 0) await realClock.sleep(pause, signal).catch(() => undefined)
  }
}
