// The market streams of Coinbase, MEXC and Alpaca, over ccxt's `watch...`. Breaks are seen and end it; closed
// candles come with the venue's word to the question for them (candle-closer.ts).
import { z } from 'zod'
import { VenueError } from '../errors.ts'
import type { MarketStream, MarketStreamListener, MarketStreamRequest } from '../market-stream.ts'
import type { CandleRequest, VenueCandle, VenueOrderBook, VenueTicker } from '../port.ts'
import type { Timer } from '../watchdog.ts'
import { CandleCloser } from './candle-closer.ts'
import { decimal } from './exchange-answers.ts'
import type { SpotKind } from './exchange-requests.ts'
import type { CcxtExchange } from './load-binance.ts'
import { WatchConnection } from './watch-connection.ts'
import { streamsNeedKeys, watchRows, type WatchRow } from './watch-rows.ts'
import { WatchedQuotes } from './watched-quotes.ts'

export type WatchedStreamOptions = {
  readonly kind: SpotKind
  readonly request: MarketStreamRequest
  readonly listener: MarketStreamListener
  readonly openWatcher: () => Promise<CcxtExchange>
  readonly intervalMs: number
  readonly venueTime: () => number
  readonly fetchCandles: (request: CandleRequest) => Promise<readonly VenueCandle[]>
  readonly fetchTickers: (symbols: readonly string[]) => Promise<readonly VenueTicker[]>
  readonly openWithinMs: number
  /** Off for tests only: to keep to what the venue takes in a second. */
  readonly paced: boolean
  readonly timer?: Timer | undefined
}

/** All three say something each half minute, were it only a pong: two that are missing are no accident. */
const silenceMaxMs = 60_000
/** After its end a candle is given this long before it is asked for. */
const settleMs = 1_000
/** Deltas may leave a book crossed for a moment; one that stays so has lost some. */
const crossedMax = 100

/** Throws a `VenueError` when it cannot be opened. */
export async function openWatchedStream(options: WatchedStreamOptions): Promise<MarketStream> {
  const stream = new WatchedStream(options)
  try {
    await stream.open()
  } catch (error) {
    stream.close()
    const { reason } = stream
    throw reason === null ? error : new VenueError('unreachable', reason, { cause: error })
  }
  return { close: () => stream.close() }
}

class WatchedStream {
  readonly #options: WatchedStreamOptions
  readonly #row: WatchRow
  readonly #connections: WatchConnection[] = []
  readonly #closers = new Map<string, CandleCloser>()
  readonly #quotes: WatchedQuotes
  /** How often in a row the book of a symbol was crossed. */
  readonly #crossed = new Map<string, number>()
  #isOpen = false
  #isOver = false
  /** Why it ended before it was open. */
  reason: string | null = null

  constructor(options: WatchedStreamOptions) {
    this.#options = options
    this.#row = watchRows[options.kind]
    const { request, fetchTickers, venueTime } = options
    this.#quotes = new WatchedQuotes({
      symbols: request.symbols,
      fetchTickers,
      venueTime,
      onTicker: (ticker) => this.#tell((listener) => listener.onTicker(ticker)),
    })
  }

  async open(): Promise<void> {
    await this.#quotes.begin()
    const { symbols, bookDepth } = this.#options.request
    const perConnection = Math.floor(this.#row.channelsMax / (bookDepth > 0 ? 3 : 2))
    for (let from = 0; from < symbols.length; from += perConnection) {
      await this.#connect(symbols.slice(from, from + perConnection))
      // An earlier one may have broken meanwhile.
      if (this.#isOver) throw new VenueError('unreachable', 'closed before it was open')
    }
    this.#isOpen = true
  }

  close(): void {
    this.#isOver = true
    for (const connection of this.#connections) connection.close()
    for (const closer of this.#closers.values()) closer.stop()
  }

  /** One that ends takes the others with it: whoever listens opens all of them anew. */
  #end(reason: string): void {
    if (this.#isOver) return
    this.close()
    if (this.#isOpen) this.#options.listener.onEnd(reason)
    else this.reason = reason
  }

  async #connect(symbols: readonly string[]): Promise<void> {
    const { openWatcher, openWithinMs, paced, timer } = this.#options
    const row = this.#row
    const exchange = await openWatcher()
    // Frames are decoded with what this loads; ccxt itself does not wait for it.
    await exchange.loadExchangeSpecificFiles()
    let complain = (reason: string): void => this.#end(reason)
    row.prepare(exchange, (reason) => complain(reason))
    const connection = new WatchConnection({
      exchange,
      openWithinMs,
      silenceMaxMs,
      spacingMs: paced ? row.spacingMs : 0,
      timer,
      greeting: row.greeting(exchange),
      onEnd: (reason) => this.#end(reason),
    })
    complain = (reason) => connection.end(new Error(reason))
    this.#connections.push(connection)
    for (const symbol of symbols) this.#watch(connection, symbol)
    if (row.heartbeat !== null) {
      const [method, ...given] = row.heartbeat
      connection.hold(method, ...given)
    }
    await connection.opened()
  }

  #watch(connection: WatchConnection, symbol: string): void {
    const { timeframe, bookDepth } = this.#options.request
    const closer = this.#closerOf(symbol)
    connection.follow('watchTicker', [symbol], (told) => {
      const quote = this.#row.quoteOf(told)
      if (quote !== null) this.#quotes.take(symbol, quote)
    })
    if (this.#row.candles === 'klines') {
      connection.follow('watchOHLCV', [symbol, timeframe], (told) => {
        for (const figures of readKlines(told)) {
          closer.takeKline(figures)
          this.#quotes.take(symbol, { last: figures.close, at: null })
        }
      })
    } else {
      connection.follow('watchTrades', [symbol], (told) => {
        for (const trade of readTrades(told)) {
          closer.takeTrade(trade)
          if (!this.#row.tellsVolume) {
            this.#quotes.take(symbol, { last: trade.price, at: trade.at })
          }
        }
      })
    }
    if (bookDepth === 0) return
    connection.follow('watchOrderBook', [symbol], (told) => {
      const reason = this.#takeBook(symbol, told)
      if (reason !== null) connection.end(new Error(reason))
    })
  }

  #closerOf(symbol: string): CandleCloser {
    const { request, intervalMs, venueTime, fetchCandles, timer } = this.#options
    const closer = new CandleCloser({
      symbol,
      timeframe: request.timeframe,
      intervalMs,
      venueTime,
      fetchCandles,
      settleMs,
      timer,
      onCandle: (candle) => this.#tell((listener) => listener.onCandle(candle)),
    })
    this.#closers.set(symbol, closer)
    return closer
  }

  /** Why the book cannot be believed any more; null while it can. */
  #takeBook(symbol: string, told: unknown): string | null {
    const book = readBook(told, this.#options.request.bookDepth)
    const [bid, ask] = [book?.bids[0], book?.asks[0]]
    if (book === null || bid === undefined || ask === undefined) return null
    const crossed = bid.price.lessThan(ask.price) ? 0 : (this.#crossed.get(symbol) ?? 0) + 1
    this.#crossed.set(symbol, crossed)
    if (crossed > 0) return crossed < crossedMax ? null : `the book of ${symbol} is crossed`
    const observedAt = this.#options.venueTime()
    this.#tell((listener) => listener.onBook({ symbol, ...book, observedAt }))
    return null
  }

  #tell(speak: (listener: MarketStreamListener) => void): void {
    if (!this.#isOver) speak(this.#options.listener)
  }
}

const trades = z.array(
  z
    .looseObject({ timestamp: z.number(), price: decimal, amount: decimal })
    .transform(({ timestamp: at, price, amount: quantity }) => ({ at, price, quantity })),
)

function readTrades(told: unknown): z.infer<typeof trades> {
  const read = trades.safeParse(told)
  return read.success ? read.data : []
}

const klines = z.array(
  z
    .tuple([z.number(), decimal, decimal, decimal, decimal, decimal])
    .transform(([openTime, open, high, low, close, baseVolume]) => {
      return { openTime, open, high, low, close, baseVolume }
    }),
)

function readKlines(told: unknown): z.infer<typeof klines> {
  const read = klines.safeParse(told)
  return read.success ? read.data : []
}

const level = z
  .tuple([decimal, decimal])
  .rest(z.unknown())
  .transform(([price, quantity]) => ({ price, quantity }))
const sides = z.object({ bids: z.array(level), asks: z.array(level) })

/** The best levels alone: whole books have thousands. */
function readBook(told: unknown, depth: number): Pick<VenueOrderBook, 'bids' | 'asks'> | null {
  if (typeof told !== 'object' || told === null) return null
  const best = (side: unknown): unknown[] =>
    Array.isArray(side)
      ? Array.from({ length: Math.min(depth, side.length) }, (_, at) => side[at] as unknown)
      : []
  const read = sides.safeParse({
    bids: best(Reflect.get(told, 'bids')),
    asks: best(Reflect.get(told, 'asks')),
  })
  return read.success ? read.data : null
}

/** Whether the venue's streams can be opened with what is known of its keys. */
export function canWatch(kind: SpotKind, hasKeys: boolean): boolean {
  return hasKeys || !streamsNeedKeys(kind)
}
