import { NO_CCXT_WS, type JudgeCall } from './judge-calls.ts'

/** What is asked about the market and its prices. */
const S = 'BTC/USDT'
const symbol = 'BTCUSDT'
const symbols = ['BTCUSDT', 'ETHUSDT']
const unified = ['BTC/USDT', 'ETH/USDT']
const SWAPS_ONLY = 'ccxt.pro has this call for swap markets only and says so itself'

export const marketCalls: readonly JudgeCall[] = [
  {
    name: 'loadMarkets',
    wire: 'GET exchangeInfo',
    ccxt: ({ ccxt }) => ccxt('loadMarkets', true),
    npm: ({ npm }) => npm.getExchangeInfo(),
    ccxtWs: NO_CCXT_WS,
    npmWs: ({ npmWs }) => npmWs.getSpotExchangeInfo({ symbol }),
  },
  {
    name: 'fetchTime',
    wire: 'GET time',
    ccxt: ({ ccxt }) => ccxt('fetchTime'),
    npm: 'getServerTime asks api.binance.com whatever address it was given',
    ccxtWs: NO_CCXT_WS,
    npmWs: ({ npmWs }) => npmWs.getSpotServerTime(),
  },
  {
    name: 'fetchTicker',
    wire: 'GET ticker/24hr',
    fields: { symbol },
    ccxt: ({ ccxt }) => ccxt('fetchTicker', S),
    npm: ({ npm }) => npm.get24hrChangeStatistics({ symbol }),
    ccxtWs: SWAPS_ONLY,
    npmWs: ({ npmWs }) => npmWs.getSpot24hrTicker({ symbol }),
  },
  {
    name: 'fetchTicker rolling',
    wire: 'GET ticker',
    fields: { symbol },
    ccxt: ({ ccxt }) => ccxt('fetchTicker', S, { rolling: true }),
    npm: ({ npm }) => npm.getRollingWindowTicker({ symbol, windowSize: '1d' }),
    ccxtWs: NO_CCXT_WS,
    npmWs: ({ npmWs }) => npmWs.getSpotTicker({ symbol, windowSize: '1d' }),
  },
  {
    name: 'fetchTickers of some',
    wire: 'GET ticker/24hr',
    fields: { symbols: '["BTCUSDT","ETHUSDT"]' },
    ccxt: ({ ccxt }) => ccxt('fetchTickers', unified),
    npm: ({ npm }) => npm.get24hrChangeStatistics({ symbols }),
    ccxtWs: NO_CCXT_WS,
    npmWs: ({ npmWs }) => npmWs.getSpot24hrTicker({ symbols }),
  },
  {
    name: 'fetchTickers of all',
    wire: 'GET ticker/24hr',
    ccxt: ({ ccxt }) => ccxt('fetchTickers'),
    npm: ({ npm }) => npm.get24hrChangeStatistics(),
    ccxtWs: NO_CCXT_WS,
    npmWs: ({ npmWs }) => npmWs.getSpot24hrTicker(),
  },
  {
    name: 'fetchBidsAsks',
    wire: 'GET ticker/bookTicker',
    fields: { symbols: '["BTCUSDT","ETHUSDT"]' },
    ccxt: ({ ccxt }) => ccxt('fetchBidsAsks', unified),
    npm: ({ npm }) => npm.getSymbolOrderBookTicker({ symbols }),
    ccxtWs: NO_CCXT_WS,
    npmWs: ({ npmWs }) => npmWs.getSpotSymbolOrderBookTicker({ symbols }),
  },
  {
    name: 'fetchLastPrices',
    wire: 'GET ticker/price',
    ccxt: ({ ccxt }) => ccxt('fetchLastPrices'),
    npm: ({ npm }) => npm.getSymbolPriceTicker(),
    ccxtWs: NO_CCXT_WS,
    npmWs: ({ npmWs }) => npmWs.getSpotSymbolPriceTicker(),
  },
  {
    name: 'fetchOrderBook',
    wire: 'GET depth',
    fields: { symbol, limit: '20' },
    ccxt: ({ ccxt }) => ccxt('fetchOrderBook', S, 20),
    npm: ({ npm }) => npm.getOrderBook({ symbol, limit: 20 }),
    ccxtWs: SWAPS_ONLY,
    npmWs: ({ npmWs }) => npmWs.getSpotOrderBook({ symbol, limit: 20 }),
  },
  {
    name: 'fetchTrades',
    wire: 'GET aggTrades',
    fields: { symbol, limit: '5' },
    ccxt: ({ ccxt }) => ccxt('fetchTrades', S, undefined, 5),
    npm: ({ npm }) => npm.getAggregateTrades({ symbol, limit: 5 }),
    ccxtWs: ({ ccxt }) => ccxt('fetchTradesWs', S, undefined, 5),
    npmWs: ({ npmWs }) => npmWs.getSpotAggregateTrades({ symbol, limit: 5 }),
  },
  {
    name: 'fetchOHLCV',
    wire: 'GET klines',
    fields: { symbol, interval: '1m', limit: '5' },
    ccxt: ({ ccxt }) => ccxt('fetchOHLCV', S, '1m', undefined, 5),
    npm: ({ npm }) => npm.getKlines({ symbol, interval: '1m', limit: 5 }),
    ccxtWs: ({ ccxt }) => ccxt('fetchOHLCVWs', S, '1m', undefined, 5),
    npmWs: ({ npmWs }) => npmWs.getSpotKlines({ symbol, interval: '1m', limit: 5 }),
  },
]
