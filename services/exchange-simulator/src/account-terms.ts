import type { SimulatorConfig } from './config.ts'
import { units, type Engine } from './core/index.ts'

/**
 * What the account has agreed with the venue beyond the usual: fees in another asset, how many orders
 * may be open, how much of an asset may be held. Throws when a symbol is named that is not traded.
 */
export function applyTerms(engine: Engine, { fees, rules }: SimulatorConfig): void {
  const { discount } = fees
  if (discount !== undefined) {
    engine.feeDiscount = {
      asset: discount.asset,
      share: units(discount.share),
      price: discount.price === undefined ? null : units(discount.price),
    }
  }
  for (const market of engine.markets.values()) {
    market.names.keepsFirst = rules.reusedNames === 'first'
  }
  engine.ordersMax = rules.openOrders ?? null
  for (const [symbol, most] of Object.entries(rules.positions)) {
    const market = engine.markets.get(symbol.replace('/', ''))
    if (market === undefined) {
      const traded = [...engine.markets.keys()].join(', ')
      throw new Error(`rules.positions names ${symbol}, which is not traded here: use ${traded}`)
    }
    market.rules = { ...market.rules, positionMax: units(most) }
  }
}
