// From the venue's list of symbols with filters to our rules. A filter that is absent or zero sets no limit.
import { Decimal } from '@flotilla/money'

import type { OrderType, SymbolRules } from '../port.ts'
import { orderTypeOf, symbolStatusOf } from './wire-forms.ts'
import type { WireFilter, WireSymbol } from './wire-schemas.ts'

export type FeeRates = { readonly maker: Decimal; readonly taker: Decimal }

export function rulesFrom(info: WireSymbol, fees: FeeRates): SymbolRules {
  const allowed = info.isSpotTradingAllowed !== false
  return {
    symbol: `${info.baseAsset}/${info.quoteAsset}`,
    base: info.baseAsset,
    quote: info.quoteAsset,
    status: allowed ? symbolStatusOf(info.status) : 'halted',
    ...limitsFrom(info.filters),
    orderTypes: info.orderTypes.map(orderTypeOf).filter((type): type is OrderType => type !== null),
    ocoAllowed: info.ocoAllowed ?? false,
    opoAllowed: info.opoAllowed ?? false,
    makerFeeRate: fees.maker,
    takerFeeRate: fees.taker,
  }
}

function limitsFrom(list: readonly WireFilter[]) {
  const filters = new Map(list.map((filter) => [filter.filterType, filter]))
  const price = filters.get('PRICE_FILTER')
  const lot = filters.get('LOT_SIZE')
  const notional = filters.get('NOTIONAL') ?? filters.get('MIN_NOTIONAL')
  return {
    priceTick: price?.tickSize ?? Decimal.zero,
    priceMin: limitOf(price, 'minPrice'),
    priceMax: limitOf(price, 'maxPrice'),
    quantityStep: lot?.stepSize ?? Decimal.zero,
    quantityMin: lot?.minQty ?? Decimal.zero,
    quantityMax: limitOf(lot, 'maxQty'),
    marketQuantityMax: limitOf(filters.get('MARKET_LOT_SIZE'), 'maxQty'),
    notionalMin: notional?.minNotional ?? Decimal.zero,
    notionalMax: limitOf(notional, 'maxNotional'),
  }
}

type LimitName = 'minPrice' | 'maxPrice' | 'maxQty' | 'maxNotional'

function limitOf(filter: WireFilter | undefined, name: LimitName): Decimal | null {
  const limit = filter?.[name]
  return limit === undefined || limit.isZero() ? null : limit
}
