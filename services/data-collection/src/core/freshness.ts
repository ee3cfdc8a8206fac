/**
 * Which symbols have data that is too old to trade on. A ticker is stale when it is older than the
 * limit; a candle when the one after it should have come longer ago than the limit. What never came is
 * as old as the agent.
 */
export type SymbolAges = {
  readonly symbol: string
  /** When the newest closed candle was over; null before the first. */
  readonly candleAt: number | null
  readonly tickerAt: number | null
}

export type FreshnessLimits = {
  readonly now: number
  readonly startedAt: number
  readonly ageMaxMs: number
  readonly intervalMs: number
}

export type FreshnessChange = {
  readonly symbol: string
  readonly stale: boolean
  readonly reason: string
}

/** `stale` are the symbols that were so before; only what changed is told. */
export function assessFreshness(
  stale: ReadonlySet<string>,
  ages: readonly SymbolAges[],
  limits: FreshnessLimits,
): readonly FreshnessChange[] {
  return ages.flatMap((each) => {
    const { symbol } = each
    const reason = staleReason(each, limits)
    if ((reason !== null) === stale.has(symbol)) return []
    return [
      { symbol, stale: reason !== null, reason: reason ?? `the data of ${symbol} is fresh again` },
    ]
  })
}

function staleReason(ages: SymbolAges, limits: FreshnessLimits): string | null {
  const { now, startedAt, ageMaxMs, intervalMs } = limits
  const tickerAge = now - (ages.tickerAt ?? startedAt)
  const candleAge = now - (ages.candleAt ?? startedAt)
  const old: string[] = []
  if (tickerAge > ageMaxMs) old.push(aged('ticker', ages.tickerAt, tickerAge))
  if (candleAge > ageMaxMs + intervalMs) old.push(aged('candle', ages.candleAt, candleAge))
  if (old.length === 0) return null
  return `${ages.symbol}: ${old.join(', ')}; at most ${seconds(ageMaxMs)} are allowed`
}

function aged(what: string, at: number | null, age: number): string {
  return at === null ? `no ${what} for ${seconds(age)}` : `newest ${what} is ${seconds(age)} old`
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`
}
