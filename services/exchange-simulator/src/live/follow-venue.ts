import { realClock, type Logger } from '@flotilla/runtime'
import { z } from 'zod'
import {
  MINUTE_MS,
  minuteOf,
  parseUnits,
  roundToStep,
  units,
  type Book,
  type Candle,
} from '../core/index.ts'
import { openLiveExchange, type LiveExchange } from './live-exchange.ts'
import { createLiveTape, type LiveTape } from './live-tape.ts'

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
  readonly sources: readonly { symbol: string; live: LiveTape; tick: bigint; step: bigint }[]
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
    const loops = sources.flatMap((source) => loopsOf(exchange, source, options))
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

type Source = Followed['sources'][number]

async function openSource(
  exchange: LiveExchange,
  symbol: string,
  options: FollowOptions,
): Promise<Source> {
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
      const [open, high, low, close] = values.map((value) => priceOf(value ?? 0, tick))
      const volume = amountOf(values[4] ?? 0) ?? 0n
      if (typeof time === 'number' && open && high && low && close) {
        candles.set(minuteOf(time), { open, high, low, close, volume })
      }
    }
    const last = rows.at(-1)?.[0] ?? -1
    if (last < since) break
    since = last + MINUTE_MS
  }
  return candles
}

/** A number of a venue as units; null when it is none or finer than eight places can say. */
function amountOf(value: number): bigint | null {
  return parseUnits(value.toFixed(8))
}

function priceOf(value: number, tick: bigint): bigint | null {
  const price = roundToStep(amountOf(value) ?? 0n, tick)
  return price > 0n ? price : null
}

/** Waits for the next of something, and takes it in. */
type Loop = { readonly name: string; readonly isStream: boolean; next(): Promise<void> }

function loopsOf(exchange: LiveExchange, source: Source, options: FollowOptions): Loop[] {
  const { has } = exchange
  const { symbol } = source
  const trades = has['watchTrades'] === true || has['fetchTrades'] === true
  const books = has['watchOrderBook'] === true || has['fetchOrderBook'] === true
  if (!trades && has['fetchTicker'] !== true) {
    throw new Error(`simulator.follow.venue: ${options.venue} tells neither trades nor tickers`)
  }
  return [
    trades ? tradeLoop(exchange, source) : tickerLoop(exchange, source),
    ...(books ? [bookLoop(exchange, source)] : []),
  ].map((loop) => ({ ...loop, name: `${loop.name} ${symbol}` }))
}

const Trades = z.array(
  z.looseObject({
    id: z.string().nullish(),
    timestamp: z.number().nullish(),
    price: z.number(),
    amount: z.number(),
    side: z.string().nullish(),
  }),
)

/** How many trades are remembered, to know those that are told twice. */
const SEEN_MAX = 5_000

function tradeLoop(exchange: LiveExchange, { symbol, live, tick }: Source): Loop {
  const isStream = exchange.has['watchTrades'] === true
  const began = realClock.now()
  const seen = new Set<string>()
  return {
    name: 'trades of',
    isStream,
    next: async () => {
      const told = Trades.parse(
        await (isStream ? exchange.watchTrades(symbol) : exchange.fetchTrades(symbol)),
      )
      const now = realClock.now()
      live.hear(now)
      for (const { id, timestamp, price, amount, side } of told) {
        const name = id ?? `${timestamp} ${price} ${amount}`
        if (seen.has(name) || (timestamp ?? now) < began) continue
        seen.add(name)
        const [at, quantity] = [priceOf(price, tick), amountOf(amount)]
        if (at === null || quantity === null || quantity === 0n) continue
        live.addPrint({ time: now, price: at, quantity, isBuyerMaker: side === 'sell' })
      }
      for (const oldest of seen) {
        if (seen.size <= SEEN_MAX) break
        seen.delete(oldest)
      }
    },
  }
}

const Ticker = z.looseObject({ last: z.number().nullish() })

/** Where nobody tells trades, a new last price stands for one. */
function tickerLoop(exchange: LiveExchange, { symbol, live, tick, step }: Source): Loop {
  let before = 0n
  return {
    name: 'ticker of',
    isStream: false,
    next: async () => {
      const { last } = Ticker.parse(await exchange.fetchTicker(symbol))
      const time = realClock.now()
      live.hear(time)
      const price = typeof last === 'number' ? priceOf(last, tick) : null
      if (price === null || price === before) return
      live.addPrint({ time, price, quantity: step, isBuyerMaker: price < before })
      before = price
    },
  }
}

const Side = z.array(z.array(z.number().nullish()))
const OrderBook = z.looseObject({ bids: Side, asks: Side })
const LEVELS = 50

function bookLoop(exchange: LiveExchange, { symbol, live }: Source): Loop {
  const isStream = exchange.has['watchOrderBook'] === true
  return {
    name: 'book of',
    isStream,
    next: async () => {
      const told = OrderBook.parse(
        await (isStream
          ? exchange.watchOrderBook(symbol)
          : exchange.fetchOrderBook(symbol, LEVELS)),
      )
      const book: Book = { BUY: levelsOf(told.bids), SELL: levelsOf(told.asks) }
      const [bid, ask] = [book.BUY[0], book.SELL[0]]
      const isCrossed = bid !== undefined && ask !== undefined && bid.price >= ask.price
      if (!isCrossed) live.addBook(realClock.now(), book)
    },
  }
}

function levelsOf(side: z.infer<typeof Side>): Book['BUY'] {
  return side.slice(0, LEVELS).flatMap(([price, amount]) => {
    const [at, quantity] = [amountOf(price ?? 0), amountOf(amount ?? 0)]
    return at === null || quantity === null || at === 0n || quantity === 0n
      ? []
      : [{ price: at, quantity }]
  })
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
