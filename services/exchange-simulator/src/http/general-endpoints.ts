import { exchangeInfo } from './exchange-info.ts'
import { feedsOf, reply, type Endpoint } from './endpoint.ts'

/** Is anyone there, what time is it, what is traded. */
export const generalEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/api/v3/ping',
    weight: 1,
    security: 'none',
    parameters: [],
    handle: () => reply({}),
  },
  {
    method: 'GET',
    path: '/api/v3/time',
    weight: 1,
    security: 'none',
    parameters: [],
    handle: ({ desk }) => reply({ serverTime: desk.now() }),
  },
  exchangeInfo,
  {
    // The price range rule exists where a symbol has it; ours have the percent filter instead.
    method: 'GET',
    path: '/api/v3/executionRules',
    weight: (parameters) => (parameters.has('symbol') || parameters.has('symbols') ? 2 : 40),
    security: 'none',
    parameters: ['symbol', 'symbols', 'symbolStatus'],
    handle: (call) => {
      const chosen = feedsOf(call)
      return 'kind' in chosen ? chosen : reply({ symbolRules: [] })
    },
  },
  canned('/sapi/v1/system/status', { status: 0, msg: 'normal' }),
  canned('/sapi/v1/capital/config/getall', []),
  canned('/sapi/v1/margin/allPairs', []),
  canned('/sapi/v1/margin/isolated/allPairs', []),
  canned('/fapi/v1/exchangeInfo', { symbols: [] }),
  canned('/dapi/v1/exchangeInfo', { symbols: [] }),
  {
    ...canned('/sapi/v1/asset/tradeFee', []),
    handle: ({ desk, parameters }) => {
      const wanted = parameters.get('symbol')
      return reply(
        [...desk.feeds.keys()]
          .filter((symbol) => wanted === undefined || symbol === wanted)
          .map((symbol) => ({
            symbol,
            makerCommission: desk.config.fees.maker,
            takerCommission: desk.config.fees.taker,
          })),
      )
    },
  },
]

/** What clients ask of the exchange's other houses before they trade; nothing is bought there. */
function canned(path: string, body: unknown): Endpoint {
  return {
    method: 'GET',
    path,
    weight: 1,
    security: 'none',
    parameters: ['timestamp', 'recvWindow', 'signature', 'symbol'],
    handle: () => reply(body),
  }
}
