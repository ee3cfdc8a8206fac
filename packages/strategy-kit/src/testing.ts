import { instant, timeframeMs } from '@flotilla/contracts'
import type { SignalsComputed } from '@flotilla/contracts'
import { IndicatorSet } from '@flotilla/indicators'
import type { ConfiguredStrategy, HeldPosition, PricedWish, StrategyState } from './strategy.ts'

/** An analysis as technical-analysis would send it; figures are a round market's unless given. */
export function analysis(overrides: Partial<SignalsComputed> = {}): SignalsComputed {
  const openTime = 1_767_571_200_000
  return {
    venue: 'simulator',
    symbol: 'BTC/USDT',
    timeframe: '1m',
    candleOpenTime: instant(openTime),
    candleCloseTime: instant(openTime + timeframeMs['1m']),
    close: '50000',
    indicators: {},
    readings: { trend: null, momentum: null, volatilityPercent: null },
    score: null,
    origin: 'live',
    ...overrides,
  }
}

/** The analyses of a series of closing prices, with the indicators that the strategy needs. */
export function analysesOf(
  strategy: ConfiguredStrategy,
  closes: readonly number[],
): SignalsComputed[] {
  const set = new IndicatorSet(strategy.indicators)
  return closes.map((close, index) => {
    const openTime = 1_767_571_200_000 + index * timeframeMs['1m']
    set.update({ openTime, high: close * 1.001, low: close * 0.999, close, volume: 1 })
    const values = set.names.map(
      (name, position) => [name, set.values[position] as number] as const,
    )
    return analysis({
      candleOpenTime: instant(openTime),
      candleCloseTime: instant(openTime + timeframeMs['1m']),
      close: close.toFixed(2),
      indicators: Object.fromEntries(values.filter(([, value]) => !Number.isNaN(value))),
    })
  })
}

/** What a strategy wishes candle by candle when each wish is fulfilled at once. */
export function wishesOf(
  strategy: ConfiguredStrategy,
  analyses: readonly SignalsComputed[],
): (PricedWish | null)[] {
  let state: StrategyState = strategy.initialState
  let position: HeldPosition | null = null
  return analyses.map((each) => {
    const evaluation = strategy.evaluate({ analysis: each, position, state })
    if (evaluation.kind === 'not-warm') return null
    state = evaluation.state
    if (evaluation.wish?.action === 'enter') {
      position = { quantity: 1, averageEntryPrice: Number(each.close) }
    }
    if (evaluation.wish?.action === 'exit') position = null
    return evaluation.wish
  })
}
