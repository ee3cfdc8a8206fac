import {
  CandleClosed,
  createMessage,
  deriveId,
  Heartbeat,
  instant,
  IntentProposed,
  partitionOf,
  TickerUpdated,
  TradingStateChanged,
  type AnyMessage,
  type Message,
} from '@flotilla/contracts'

// Messages for the tests of the bus, numbered so that their order can be read from what arrived.

const venue = 'simulator'

export function intent(number: number, symbol = 'BTC/USDT'): Message<typeof IntentProposed> {
  return createMessage(IntentProposed, {
    source: 'strategy',
    occurredAt: number,
    discriminator: `${symbol} ${number}`,
    payload: {
      intentId: deriveId('intent', symbol, String(number)),
      strategy: 'test',
      venue,
      symbol,
      side: 'buy',
      purpose: 'entry',
      confidence: 50,
      expectedPrice: '100',
      expectedPriceAt: instant(number),
      reason: String(number),
      stopLossPrice: null,
      takeProfitPrice: null,
      expiresAt: instant(number + 60_000),
      chain: [],
    },
  })
}

export function candle(number: number, symbol = 'BTC/USDT'): Message<typeof CandleClosed> {
  return createMessage(CandleClosed, {
    source: 'data-collection',
    occurredAt: number,
    discriminator: `${symbol} ${number}`,
    payload: {
      venue,
      symbol,
      timeframe: '1m',
      openTime: instant(number * 60_000),
      closeTime: instant((number + 1) * 60_000),
      open: '1',
      high: '1',
      low: '1',
      close: '1',
      baseVolume: String(number),
      quoteVolume: null,
      origin: 'live',
    },
  })
}

export function ticker(number: number, symbol = 'BTC/USDT'): Message<typeof TickerUpdated> {
  return createMessage(TickerUpdated, {
    source: 'data-collection',
    occurredAt: number,
    discriminator: `${symbol} ${number}`,
    payload: {
      venue,
      symbol,
      last: '1',
      bid: null,
      ask: null,
      quoteVolume24h: String(number),
      observedAt: instant(number),
    },
  })
}

export function heartbeat(sequence: number): Message<typeof Heartbeat> {
  return createMessage(Heartbeat, {
    source: 'strategy',
    occurredAt: sequence,
    discriminator: String(sequence),
    payload: { agent: 'strategy', instance: 'a', ready: true, startedAt: instant(0), sequence },
  })
}

/** Has two consumers, strategy and execution, and no partitions. */
export function tradingState(number: number): Message<typeof TradingStateChanged> {
  return createMessage(TradingStateChanged, {
    source: 'risk-manager',
    occurredAt: number,
    discriminator: String(number),
    payload: { account: 'main', symbol: null, state: 'active', reason: String(number) },
  })
}

/** The number a message was made with. */
export function numberOf(message: AnyMessage): number {
  return Date.parse(message.occurredAt)
}

/** Symbols that live in partitions of their own, one for each of the first `count` partitions. */
export function symbolPerPartition(count: number): string[] {
  return Array.from({ length: count }, (_, partition) => {
    for (let number = 0; ; number++) {
      const symbol = `T${number}/USDT`
      if (partitionOf(symbol, count) === partition) return symbol
    }
  })
}
