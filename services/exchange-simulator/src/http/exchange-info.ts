import {
  decimalsOfStep,
  formatUnits,
  ORDER_TYPES,
  refusals,
  SELF_TRADE_MODES,
  statusOf,
  type Engine,
  type Feed,
  type SymbolRules,
} from '../core/index.ts'
import type { SimulatorConfig } from '../config.ts'
import { feedsOf, reply, type Endpoint } from './endpoint.ts'

export const exchangeInfo: Endpoint = {
  method: 'GET',
  path: '/api/v3/exchangeInfo',
  weight: 20,
  security: 'none',
  parameters: ['symbol', 'symbols', 'permissions', 'showPermissionSets', 'symbolStatus'],
  handle: (call) => {
    const { parameters } = call
    const isNamed = parameters.has('symbol') || parameters.has('symbols')
    if (isNamed && (parameters.has('permissions') || parameters.has('symbolStatus'))) {
      return refusals.invalidCombination()
    }
    const chosen = feedsOf(call)
    if ('kind' in chosen) return chosen
    const isWanted = /\bSPOT\b/.test(parameters.get('permissions') ?? 'SPOT')
    const feeds = isWanted ? chosen.feeds : []
    const showsSets = parameters.get('showPermissionSets') !== 'false'
    return reply({
      timezone: 'UTC',
      serverTime: call.desk.now(),
      rateLimits: rateLimits(call.desk.config),
      exchangeFilters: exchangeFilters(call.desk.engine),
      symbols: feeds.map((feed) => {
        const { permissionSets, ...info } = symbolInfo(feed)
        return showsSets ? { ...info, permissionSets } : info
      }),
    })
  },
}

export function exchangeFilters({
  ordersMax,
}: Engine): readonly Readonly<Record<string, unknown>>[] {
  if (ordersMax === null) return []
  return [{ filterType: 'EXCHANGE_MAX_NUM_ORDERS', maxNumOrders: ordersMax }]
}

export function rateLimits(config: SimulatorConfig): readonly Readonly<Record<string, unknown>>[] {
  const { limits } = config
  return [
    limit('REQUEST_WEIGHT', ['MINUTE', 1], limits.weightPerMinute),
    limit('ORDERS', ['SECOND', 10], limits.ordersPerTenSeconds),
    limit('ORDERS', ['DAY', 1], limits.ordersPerDay),
    limit('RAW_REQUESTS', ['MINUTE', 5], limits.rawRequestsPerFiveMinutes),
  ]
}

function limit(
  rateLimitType: string,
  [interval, intervalNum]: readonly [string, number],
  most: number,
): Readonly<Record<string, unknown>> {
  return { rateLimitType, interval, intervalNum, limit: most }
}

function symbolInfo({ market }: Feed): Readonly<Record<string, unknown>> {
  const { rules } = market
  return {
    symbol: rules.symbol,
    status: statusOf(market),
    baseAsset: rules.base,
    baseAssetPrecision: 8,
    quoteAsset: rules.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ORDER_TYPES,
    icebergAllowed: true,
    ocoAllowed: true,
    otoAllowed: true,
    opoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: true,
    amendAllowed: true,
    pegInstructionsAllowed: false,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: symbolFilters(rules),
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: SELF_TRADE_MODES,
  }
}

export function symbolFilters(rules: SymbolRules): readonly Readonly<Record<string, unknown>>[] {
  return [
    {
      filterType: 'PRICE_FILTER',
      minPrice: formatUnits(rules.priceMin),
      maxPrice: formatUnits(rules.priceMax),
      tickSize: formatUnits(rules.tick),
    },
    {
      filterType: 'LOT_SIZE',
      minQty: formatUnits(rules.quantityMin),
      maxQty: formatUnits(rules.quantityMax),
      stepSize: formatUnits(rules.step),
    },
    {
      filterType: 'MARKET_LOT_SIZE',
      minQty: formatUnits(rules.marketQuantityMin),
      maxQty: formatUnits(rules.marketQuantityMax),
      stepSize: formatUnits(rules.marketStep),
    },
    {
      filterType: 'PERCENT_PRICE_BY_SIDE',
      bidMultiplierUp: plain(rules.percent.BUY.up),
      bidMultiplierDown: plain(rules.percent.BUY.down),
      askMultiplierUp: plain(rules.percent.SELL.up),
      askMultiplierDown: plain(rules.percent.SELL.down),
      avgPriceMins: 5,
    },
    {
      filterType: 'NOTIONAL',
      minNotional: formatUnits(rules.notionalMin),
      applyMinToMarket: true,
      maxNotional: formatUnits(rules.notionalMax),
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
    { filterType: 'ICEBERG_PARTS', limit: rules.icebergPartsMax },
    {
      filterType: 'TRAILING_DELTA',
      minTrailingAboveDelta: rules.trailingMin,
      maxTrailingAboveDelta: rules.trailingMax,
      minTrailingBelowDelta: rules.trailingMin,
      maxTrailingBelowDelta: rules.trailingMax,
    },
    { filterType: 'MAX_NUM_ORDERS', maxNumOrders: rules.ordersMax },
    { filterType: 'MAX_NUM_ALGO_ORDERS', maxNumAlgoOrders: rules.algoOrdersMax },
    { filterType: 'MAX_NUM_ICEBERG_ORDERS', maxNumIcebergOrders: rules.icebergOrdersMax },
    { filterType: 'MAX_NUM_ORDER_LISTS', maxNumOrderLists: rules.orderListsMax },
    { filterType: 'MAX_NUM_ORDER_AMENDS', maxNumOrderAmends: rules.amendsMax },
    ...(rules.positionMax === 0n
      ? []
      : [{ filterType: 'MAX_POSITION', maxPosition: formatUnits(rules.positionMax) }]),
  ]
}

function plain(value: bigint): string {
  const text = formatUnits(value)
  const places = decimalsOfStep(value)
  return text.slice(0, text.indexOf('.') + (places === 0 ? 0 : places + 1))
}
