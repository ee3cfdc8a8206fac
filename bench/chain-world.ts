// What all parts of the chain benchmark agree on: the market that is traded, the settings of the
// agents, and the market's clock.
import { CandleClosed, candleKey, createMessage, deriveId, instant } from '@flotilla/contracts'
import type { AnyMessage } from '@flotilla/contracts'
import { clientOrderIdOf } from '@flotilla/execution'
import { openMarketStore, SharedConfigSchema, type SharedConfig } from '@flotilla/fleet'
import { Decimal } from '@flotilla/money'
import { createSilentLogger, realClock, type Clock } from '@flotilla/runtime'
import { createFakeVenue, symbolRules, type FakeVenue } from '@flotilla/venue/testing'

export const chainAgents = ['execution', 'risk-manager', 'strategy', 'technical-analysis'] as const
export type ChainAgent = (typeof chainAgents)[number]

/** Where the agents of one fleet meet; plain data, so that it can be handed to processes. */
export type ChainPlace = {
  /** Null for a fleet in one process. */
  readonly amqpUrl: string | null
  readonly ledgerUrl: string
  readonly folder: string
  /** Opening time of the first live candle. */
  readonly startMs: number
}

const venueName = 'simulator'
const timeframe = '1m'
const candleMs = 60_000
const strategyName = 'ema-crossover'

/** Enough that the last order of a symbol is over and done with when its turn comes again. */
export const symbols = Array.from({ length: 64 }, (_, index) => `C${index}/USDT`)

/** So many candles before the first live one lie in the store: all indicators are warm at once. */
const history = 120

/** Ten hours ago: far more candles than a run needs lie between then and now. */
export function chainStart(): number {
  return Math.floor(realClock.now() / candleMs - 600) * candleMs
}

export function sharedOf({ amqpUrl, ledgerUrl }: ChainPlace): SharedConfig {
  return SharedConfigSchema.parse({
    symbols: [...symbols],
    venue: { id: venueName },
    simulator: { speed: 1 },
    bus: amqpUrl === null ? { kind: 'in-process' } : { kind: 'rabbitmq', url: amqpUrl },
    ledger: { kind: 'postgres', url: ledgerUrl },
  })
}

/** Nothing that depends on the age of a candle may deny an intent: ours are played back. */
export const sections: Readonly<Record<ChainAgent, object>> = {
  // A hundred candles a second would mean two thousand rows; the defaults expect three a second.
  'technical-analysis': {
    indicators: ['sma(20)', 'sma(50)', 'ema(50)', 'bollinger(20,2)', 'ema(1)', 'ema(2)'],
    storeIndicators: 'volatility',
  },
  strategy: {
    strategies: [
      { name: strategyName, parameters: { fastPeriod: 1, slowPeriod: 2, rsiEntryMax: 100 } },
    ],
    signalAgeCandles: 1_000,
    cooldownMs: 0,
    symbolCooldownMs: 0,
    quarantine: { forMs: 0 },
  },
  'risk-manager': {
    confidenceMin: 0,
    balanceShare: '0.001',
    exposureShareMax: '1',
    openPositionsMax: 1_000,
    priceAgeMaxMs: 86_400_000,
  },
  execution: {},
}

/** Takes orders and fills none: each ends at once, and its money is free again. */
export function createChainVenue(): FakeVenue {
  return createFakeVenue({
    name: venueName,
    rules: symbols.map((symbol) => symbolRules({ symbol })),
    balances: { USDT: '1000000' },
    // Far above every limit, so that no entry finds a seller.
    prices: Object.fromEntries(symbols.map((symbol) => [symbol, '100000'])),
    now: () => realClock.now(),
  })
}

export type ChainClock = Clock & { leap(): void }

/**
 * The wall clock, and a leap. For the first minute of its life the risk manager looks each message up,
 * since it may be from before; what is measured is every minute after that one.
 */
export function createChainClock(): ChainClock {
  let ahead = 0
  return {
    ...realClock,
    now: () => realClock.now() + ahead,
    leap: () => {
      ahead = 120_000
    },
  }
}

export async function writeHistory(place: ChainPlace): Promise<void> {
  const { folder, startMs } = place
  const store = await openMarketStore(sharedOf(place), folder, createSilentLogger())
  const candles = symbols.flatMap((symbol) =>
    Array.from({ length: history }, (_, index) => {
      const openTime = startMs - (history - index) * candleMs
      const low = index % 2 === 1
      return {
        venue: venueName,
        symbol,
        timeframe,
        openTime,
        closeTime: openTime + candleMs,
        open: Decimal.from('100'),
        high: Decimal.from('100.4'),
        low: Decimal.from('98.6'),
        close: Decimal.from(low ? '99' : '100'),
        baseVolume: Decimal.from('12.345'),
        quoteVolume: Decimal.from('1228.05'),
      }
    }),
  )
  await store.writeCandles(candles)
  await store.close()
}

/**
 * The candle of that number, as data-collection would tell it. Even ones fall and odd ones rise, so
 * that the averages cross with each odd one, and an entry is wished for.
 */
export function candleOf(symbol: string, number: number, startMs: number): AnyMessage {
  const openTime = startMs + number * candleMs
  const series = { venue: venueName, symbol, timeframe } as const
  return createMessage(CandleClosed, {
    source: 'data-collection',
    occurredAt: openTime + candleMs,
    discriminator: candleKey(series, openTime),
    payload: {
      ...series,
      openTime: instant(openTime),
      closeTime: instant(openTime + candleMs),
      open: '100',
      high: '100.4',
      low: '98.6',
      close: number % 2 === 0 ? '99' : '100',
      baseVolume: '12.345',
      quoteVolume: '1228.05',
      origin: 'live',
    },
  })
}

/** The name of the order that the candle of that number leads to. */
export function orderNameOf(symbol: string, number: number, startMs: number): string {
  const openTime = instant(startMs + number * candleMs)
  const intentId = deriveId('intent', 'main', strategyName, venueName, symbol, timeframe, openTime)
  return clientOrderIdOf({ account: 'main', venue: venueName, intentId, leg: 'entry', attempt: 1 })
}
