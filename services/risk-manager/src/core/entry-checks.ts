// The checks of an entry, in the order in which they run: may it be, then how large, then does the
// size fit what the account has and may risk.
import { budget, dailyLoss, drawdownRegime, scaleByRegime } from './account-checks.ts'
import { assetExposure, correlatedExposure, exposure, symbolExposure } from './cap-checks.ts'
import { denied, passed, skipped, type Check } from './check.ts'
import { intentExpiry, price, side, tradingState, venueRules } from './common-checks.ts'
import { capQuantity, fitMinimum, raiseExpensive } from './entry-minimum.ts'
import { capByLiquidity, fitRoom, scaleByConfidence } from './entry-scaling.ts'
import { size } from './entry-size.ts'
import { dataSource, symbolEligible } from './market-fitness.ts'
import { cooldown, lowProfit, stopGuard } from './protection-checks.ts'
import { availableOf, type Book } from './book.ts'

const symbolTraded: Check = {
  name: 'symbol-traded',
  run({ intent, limits, rules }) {
    const { symbol, venue } = intent
    const status = rules?.status ?? 'unknown'
    const inputs = { symbol, venue, status }
    const open = status === 'trading' || status === 'unknown'
    if (limits.symbols.has(symbol) && venue === limits.venue && open) return passed(inputs)
    return denied({ code: 'symbol_not_traded', symbol }, inputs)
  },
}

const confidence: Check = {
  name: 'confidence',
  run({ intent, limits }) {
    const inputs = { confidence: intent.confidence, confidenceMin: limits.confidenceMin }
    if (intent.confidence >= limits.confidenceMin) return passed(inputs)
    return denied({ code: 'confidence_below_minimum', ...inputs }, inputs)
  },
}

const stop: Check = {
  name: 'stop',
  run({ price: choice, exits }) {
    if (choice.kind === 'none' || exits === null) return skipped('no price or no rules')
    const inputs = { stopLossPrice: exits.stopLossPrice.toString(), price: choice.price.toString() }
    if (exits.stopLossPrice.isPositive() && exits.stopLossPrice.lessThan(choice.price)) {
      return passed(inputs)
    }
    return denied({ code: 'stop_not_below_price', ...inputs }, inputs)
  },
}

/** Two strategies that see the same thing must not buy it twice. */
const intentInFlight: Check = {
  name: 'intent-in-flight',
  run({ book, intent, limits }) {
    const openEntries = book.openEntries.get(intent.symbol) ?? 0
    const inputs = { openEntries, addToPositions: limits.addToPositions }
    if (openEntries === 0 || limits.addToPositions) return passed(inputs)
    return denied({ code: 'intent_already_open', intentId: intent.intentId }, inputs)
  },
}

const positionOpen: Check = {
  name: 'position-open',
  run({ book, intent, limits }) {
    const quantity = book.positions.get(intent.symbol)?.quantity.toString() ?? '0'
    const inputs = { quantity, addToPositions: limits.addToPositions }
    if (limits.addToPositions || !isTradable(book, intent.symbol)) return passed(inputs)
    return denied({ code: 'position_already_open', quantity }, inputs)
  },
}

const openPositions: Check = {
  name: 'open-positions',
  run({ book, intent, limits }) {
    const { openEntries, positions } = book
    let open = openEntries.size
    for (const symbol of positions.keys()) {
      if (!openEntries.has(symbol) && isTradable(book, symbol)) open++
    }
    const counts = { openPositions: open, openPositionsMax: limits.openPositionsMax }
    const grows = !openEntries.has(intent.symbol) && !isTradable(book, intent.symbol)
    if (!grows || open < limits.openPositionsMax) return passed(counts)
    return denied({ code: 'open_positions_exceed_limit', ...counts }, counts)
  },
}

const availableBalance: Check = {
  name: 'available-balance',
  run({ book, draft }) {
    if (draft === null) return skipped('no size')
    const { asset, amount } = draft.reserve
    const available = availableOf(book, asset)
    const inputs = { asset, required: amount.toString(), available: available.toString() }
    if (available.isPositive() && amount.atMost(available)) return passed(inputs)
    return denied({ code: 'insufficient_available_balance', ...inputs }, inputs)
  },
}

export const entryChecks: readonly Check[] = [
  tradingState,
  intentExpiry,
  symbolTraded,
  symbolEligible,
  dataSource,
  side,
  confidence,
  venueRules,
  price,
  stop,
  intentInFlight,
  positionOpen,
  openPositions,
  cooldown,
  stopGuard,
  lowProfit,
  drawdownRegime,
  dailyLoss,
  size,
  scaleByConfidence,
  scaleByRegime,
  fitRoom,
  capByLiquidity,
  raiseExpensive,
  capQuantity,
  fitMinimum,
  availableBalance,
  budget,
  exposure,
  symbolExposure,
  assetExposure,
  correlatedExposure,
]

/** Dust, too little to be sold, is no position: it never blocks a symbol. */
function isTradable(book: Book, symbol: string): boolean {
  const position = book.positions.get(symbol)
  if (position === undefined || !position.quantity.isPositive()) return false
  const rules = book.rules.get(symbol)
  if (rules === undefined) return true
  const value = position.quantity.times(book.prices.get(symbol)?.price ?? position.lastFillPrice)
  return position.quantity.atLeast(rules.quantityMin) && value.atLeast(rules.notionalMin)
}
