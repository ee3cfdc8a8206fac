import { realClock } from '@flotilla/runtime'
import { z } from 'zod'
import type { Book } from '../core/index.ts'
import type { LiveExchange } from './live-exchange.ts'
import type { LiveTape } from './live-tape.ts'
import { amountOf, priceOf } from './venue-numbers.ts'

export type LiveSource = {
  readonly symbol: string
  readonly live: LiveTape
  readonly tick: bigint
  readonly step: bigint
}

/** Waits for the next of something, and takes it in. */
export type Loop = { readonly name: string; readonly isStream: boolean; next(): Promise<void> }

export function loopsOf(exchange: LiveExchange, source: LiveSource, venue: string): Loop[] {
  const { has } = exchange
  const { symbol } = source
  const trades = has['watchTrades'] === true || has['fetchTrades'] === true
  const books = has['watchOrderBook'] === true || has['fetchOrderBook'] === true
  if (!trades && has['fetchTicker'] !== true) {
    throw new Error(`simulator.follow.venue: ${venue} tells neither trades nor tickers`)
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

function tradeLoop(exchange: LiveExchange, source: LiveSource): Loop {
  const isStream = exchange.has['watchTrades'] === true
  const { symbol, live } = source
  const began = realClock.now()
  const seen = new Set<string>()
  return {
    name: 'trades of',
    isStream,
    next: async () => {
      const told = isStream ? exchange.watchTrades(symbol) : exchange.fetchTrades(symbol)
      const trades = Trades.parse(await told)
      const now = realClock.now()
      live.hear(now)
      for (const trade of trades) {
        const name = trade.id ?? `${trade.timestamp} ${trade.price} ${trade.amount}`
        if (seen.has(name) || (trade.timestamp ?? now) < began) continue
        seen.add(name)
        take(source, trade, now)
      }
      forgetOldest(seen)
    },
  }
}

function take(
  { live, tick }: LiveSource,
  { price, amount, side }: z.infer<typeof Trades>[number],
  time: number,
): void {
  const [at, quantity] = [priceOf(price, tick), amountOf(amount)]
  if (at === null || quantity === null) return
  live.addPrint({ time, price: at, quantity, isBuyerMaker: side === 'sell' })
}

function forgetOldest(seen: Set<string>): void {
  for (const oldest of seen) {
    if (seen.size <= SEEN_MAX) return
    seen.delete(oldest)
  }
}

const Ticker = z.looseObject({ last: z.number().nullish() })

/** Where nobody tells trades, a new last price stands for one. */
function tickerLoop(exchange: LiveExchange, { symbol, live, tick, step }: LiveSource): Loop {
  let before = 0n
  return {
    name: 'ticker of',
    isStream: false,
    next: async () => {
      const { last } = Ticker.parse(await exchange.fetchTicker(symbol))
      const time = realClock.now()
      live.hear(time)
      const price = priceOf(last, tick)
      if (price === null || price === before) return
      live.addPrint({ time, price, quantity: step, isBuyerMaker: price < before })
      before = price
    },
  }
}

const Side = z.array(z.array(z.number().nullish()))
const OrderBook = z.looseObject({ bids: Side, asks: Side })
const LEVELS = 50

function bookLoop(exchange: LiveExchange, { symbol, live }: LiveSource): Loop {
  const isStream = exchange.has['watchOrderBook'] === true
  return {
    name: 'book of',
    isStream,
    next: async () => {
      const told = isStream
        ? exchange.watchOrderBook(symbol)
        : exchange.fetchOrderBook(symbol, LEVELS)
      const { bids, asks } = OrderBook.parse(await told)
      const book: Book = { BUY: levelsOf(bids), SELL: levelsOf(asks) }
      const [bid, ask] = [book.BUY[0], book.SELL[0]]
      const isCrossed = bid !== undefined && ask !== undefined && bid.price >= ask.price
      if (!isCrossed) live.addBook(realClock.now(), book)
    },
  }
}

function levelsOf(side: z.infer<typeof Side>): Book['BUY'] {
  return side.slice(0, LEVELS).flatMap(([price, amount]) => {
    const [at, quantity] = [amountOf(price), amountOf(amount)]
    return at === null || quantity === null ? [] : [{ price: at, quantity }]
  })
}
