// What makes an entry smaller than it was wished: how sure the strategy is, what is left to spend, and
// what the order book has to offer. The steps run in this order, each names what it did.
import { epochMs } from '@flotilla/contracts'
import { Decimal, roundDownToStep } from '@flotilla/money'
import { assetsOf, availableOf, type Depth } from './book.ts'
import { budgetOf } from './budgets.ts'
import { correlatedWith, exposureOfAsset, exposureTogether } from './cap-checks.ts'
import { passed, skipped, type Check, type Context } from './check.ts'
import { adjusted, sizeOf, under, withAmount, withQuantity } from './entry-arithmetic.ts'
import { exposureOf, exposureOfSymbol, fromCurrency, netAssetValue } from './valuation.ts'

/** All of it at a confidence of 100, the configured part of it at the least that is accepted. */
export const scaleByConfidence: Check = {
  name: 'confidence-scale',
  run(context) {
    const size = sizeOf(context)
    if (size === null) return skipped('no size')
    const { intent, limits } = context
    const { confidenceScaleMin } = limits.sizing
    const range = 100 - limits.confidenceMin
    const reached = range <= 0 ? 1 : (intent.confidence - limits.confidenceMin) / range
    const gained = Decimal.one.minus(confidenceScaleMin).times(Decimal.from(clamp(reached)))
    const factor = confidenceScaleMin.plus(gained).round(4, 'down')
    const inputs = { confidence: intent.confidence, factor: factor.toString() }
    if (factor.atLeast(Decimal.one)) return passed(inputs)
    const amount = size.draft.reserve.amount.times(factor).round(size.scale, 'down')
    const draft = adjusted(withAmount(size, amount), `confidence x${factor.toString()}`)
    return { kind: 'adjusted', inputs, draft }
  },
}

/**
 * A size that was found from a risk takes what is there: with a near stop it can be more than the
 * account has. A share of the balance takes what the caps leave of it, and is never fitted to the money:
 * what another intent of the same moment has reserved is not there, and what cannot be paid is denied.
 */
export const fitRoom: Check = {
  name: 'room',
  run(context) {
    const size = sizeOf(context)
    if (size === null) return skipped('no size')
    const { asset, amount } = size.draft.reserve
    const money = moneyFor(context, asset)
    const rooms = [...money, ...roomUnderCaps(context, asset)]
    const inputs = Object.fromEntries(rooms.map(([name, room]) => [name, room.toString()]))
    const whole = context.limits.sizing.method === 'balance-share'
    if (whole && money.some(([, room]) => amount.greaterThan(room))) {
      return skipped('a share that cannot be paid')
    }
    const [name, least] = rooms.reduce((one, next) => (next[1].lessThan(one[1]) ? next : one))
    if (amount.atMost(least) || !least.isPositive()) return passed(inputs)
    const draft = adjusted(withAmount(size, least.round(size.scale, 'down')), name)
    return { kind: 'adjusted', inputs, draft }
  },
}

/** What a size is called that was fitted to it, and how much of the asset it leaves. */
type Room = readonly [adjustment: string, room: Decimal]

function moneyFor({ book, intent }: Context, asset: string): readonly Room[] {
  const available = availableOf(book, asset)
  const own = asset === book.account.currency ? budgetOf(book, intent.strategy) : null
  return [
    ['available-capped', available],
    ['budget-capped', own === null ? available : own.cash.minus(own.reserved)],
  ]
}

function roomUnderCaps(context: Context, asset: string): readonly Room[] {
  const { book, intent, limits } = context
  const { symbol } = intent
  const { symbolShareMax, assetShareMax, correlatedShareMax } = limits.caps
  const value = netAssetValue(book)
  const roomUnder = (share: Decimal, taken: Decimal) =>
    fromCurrency(book, asset, value.times(share).minus(taken))
  const rooms: Room[] = [
    ['exposure-capped', roomUnder(limits.exposureShareMax, exposureOf(book))],
    ['symbol-capped', roomUnder(symbolShareMax, exposureOfSymbol(book, symbol))],
    ['asset-capped', roomUnder(assetShareMax, exposureOfAsset(book, assetsOf(symbol).base))],
  ]
  // How symbols move is looked up only where it matters.
  if (correlatedShareMax.atLeast(Decimal.one)) return rooms
  const together = exposureTogether(context, correlatedWith(context))
  return [...rooms, ['correlation-capped', roomUnder(correlatedShareMax, together)]]
}

/** No more than the order book offers up to the worst price; a book that is not known caps nothing. */
export const capByLiquidity: Check = {
  name: 'liquidity',
  run(context) {
    const size = sizeOf(context)
    if (size === null) return skipped('no size')
    const { book, intent, limits, now } = context
    const depth = book.depths.get(intent.symbol)
    if (depth === undefined) return skipped('no order book')
    const ageMs = Math.max(0, now - depth.at)
    if (ageMs > limits.sizing.depthAgeMaxMs) return skipped('order book too old')
    const offered = offeredUpTo(depth, size.limitPrice)
    const usable = roundDownToStep(offered.times(limits.sizing.depthShareMax), size.lot.step)
    const { draft } = size
    const inputs = {
      quantity: draft.quantity.toString(),
      offered: offered.toString(),
      usable: usable.toString(),
      limitPrice: size.limitPrice.toString(),
      ageMs,
    }
    const ceiling = under(draft.ceiling, { quantity: usable, because: 'liquidity' })
    if (draft.quantity.atMost(usable)) {
      return { kind: 'passed', inputs, draft: { ...draft, ceiling } }
    }
    const capped = adjusted(withQuantity(size, usable), 'liquidity-capped')
    return { kind: 'adjusted', inputs, draft: { ...capped, ceiling } }
  },
}

export function depthOf(book: {
  readonly asks: Depth['asks']
  readonly observedAt: string
}): Depth {
  return { asks: book.asks, at: epochMs(book.observedAt) }
}

/** Levels come best first. */
function offeredUpTo({ asks }: Depth, limitPrice: Decimal): Decimal {
  let offered = Decimal.zero
  for (const [price, quantity] of asks) {
    if (limitPrice.lessThan(price)) break
    offered = offered.plus(quantity)
  }
  return offered
}

/** As a text with few digits: a statistic becomes a factor. */
function clamp(share: number): string {
  return Math.min(1, Math.max(0, share)).toFixed(6)
}
