// How long something was held without a stop under it, by the venue's own record of trades and orders.
import type { AnyMessage } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import type { SimulatorTruth, TruthOrder } from '../../e2e/support/truth.ts'

/** Less than this in quote currency is dust: the venue takes no order for it. */
const DUST_NOTIONAL = Decimal.from(5)

/**
 * The longest uninterrupted time in market milliseconds between `from` and `until`. What was bare before `from` does
 * not count: market time stands still between two lives, so that what the one sells and the next one buys may be of the
 * same millisecond.
 */
export function longestNakedMs(truth: SimulatorTruth, until: number, from = 0): number {
  const stops = truth.orders.filter(({ type }) => type.startsWith('STOP_LOSS'))
  const moments = [
    ...truth.trades.map(({ at }) => at),
    ...stops.flatMap((stop) => [stop.createdAt, endOf(stop)]),
  ]
  const times = [...new Set(moments.filter((at) => at < until)), until].toSorted((a, b) => a - b)
  let longest = 0
  let nakedSince: number | null = null
  for (const at of times) {
    if (nakedSince !== null) longest = Math.max(longest, at - Math.max(nakedSince, from))
    const isNaked = at < until && uncovered(truth, stops, at).atLeast(DUST_NOTIONAL)
    nakedSince = isNaked ? (nakedSince ?? at) : null
  }
  return longest
}

/**
 * Where nothing rests at the venue: how long the position was called anything else than protected, in market
 * milliseconds. Being sold counts, too.
 */
export function longestUnwatchedMs(said: readonly AnyMessage[], until: number): number {
  let longest = 0
  let since: number | null = null
  for (const { type, payload, occurredAt } of said) {
    if (type !== 'execution.position.changed.v1') continue
    const { state } = (payload as { protection: { state: string } }).protection
    const at = Date.parse(occurredAt)
    const isSafe = state === 'protected' || state === 'none' || state === 'dust'
    if (since !== null) longest = Math.max(longest, at - since)
    since = isSafe ? null : (since ?? at)
  }
  return since === null ? longest : Math.max(longest, until - since)
}

function endOf(stop: TruthOrder): number {
  return stop.open ? Number.POSITIVE_INFINITY : stop.updatedAt
}

/** In quote currency, just after everything of that moment. */
function uncovered(truth: SimulatorTruth, stops: readonly TruthOrder[], at: number): Decimal {
  const done = truth.trades.filter((trade) => trade.at <= at)
  const held = done.reduce((total, { side, quantity, fee, feeAsset, symbol }) => {
    const [base] = symbol.split('/')
    const net = side === 'buy' ? quantity : quantity.negated()
    return total.plus(feeAsset === base ? net.minus(fee) : net)
  }, Decimal.zero)
  const covered = stops
    .filter((stop) => stop.createdAt <= at && endOf(stop) > at)
    .reduce((total, { quantity }) => total.plus(quantity), Decimal.zero)
  return held.minus(covered).times(done.at(-1)?.price ?? Decimal.zero)
}
