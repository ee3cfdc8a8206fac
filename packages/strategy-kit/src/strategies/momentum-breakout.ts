import { rsi, sma } from '@flotilla/indicators'
import { z } from 'zod'
import { defineStrategy } from '../define-strategy.ts'
import { clampConfidence, exitParameters } from '../parameters.ts'
import type { Reaction, StrategyContext } from '../strategy.ts'

/** A move that is on: when it began, and the highest close since. */
type Pump = { readonly since: number; readonly high: number }
type State = { readonly pump: Pump | null }
const initialState: State = { pump: null }
const hourMs = 3_600_000

const parameters = z.strictObject({
  averagePeriod: z
    .int()
    .min(5)
    .max(500)
    .default(60)
    .describe('Candles of the average that the price runs away from.'),
  risePercent: z
    .number()
    .min(0.1)
    .max(50)
    .default(2)
    .describe('This far above the average, in per cent, a pump is on.'),
  ageHoursMax: z
    .number()
    .min(0.05)
    .max(168)
    .default(48)
    .describe('No entry into a pump that began longer ago, in hours.'),
  rsiPeriod: z.int().min(2).max(200).default(14).describe('Candles of the RSI.'),
  rsiEntryMax: z
    .number()
    .min(50)
    .max(100)
    .default(90)
    .describe('No entry above this RSI: whoever buys there is the one who is sold to.'),
  fadePercent: z
    .number()
    .min(0.1)
    .max(50)
    .default(3)
    .describe('A close this far below the highest one of the pump, in per cent, ends the trade.'),
  ...exitParameters,
})
type Parameters = z.infer<typeof parameters>
type Needs = {
  readonly average: ReturnType<typeof sma>
  readonly strength: ReturnType<typeof rsi>
}
type Context = StrategyContext<Parameters, State, Needs>

/**
 * Rides a pump while it is young: when the price runs away from its average, every new high may be
 * bought until the pump is too old; the trade ends when the pump fades. Works on news and rotations
 * that carry on for hours; fails on single spikes, which are over before the candle closes, and late in
 * a move, which is what the maximum age is for.
 */
export const momentumBreakout = defineStrategy({
  name: 'momentum-breakout',
  summary: 'Buys new highs of a young pump, sells when it fades.',
  parameters,
  needs: ({ averagePeriod, rsiPeriod }) => ({
    indicators: { average: sma(averagePeriod), strength: rsi(rsiPeriod) },
  }),
  initialState,
  onAnalysis: (context) => {
    const before = context.state.pump
    const pump = pumpAfter(before, context)
    const state = { pump }
    if (context.position !== null) return { state, wish: exitWish(pump, context) }
    const newHigh = pump !== null && (before === null || context.price > before.high)
    return { state, wish: newHigh ? entryWish(pump, context) : null }
  },
})

/** A pump begins far above the average, and is over when the price is back at it. */
function pumpAfter(before: Pump | null, context: Context): Pump | null {
  const { closeTime, indicators, price } = context
  if (before === null) {
    const begins = riseOf(context) >= context.parameters.risePercent
    return begins ? { since: closeTime, high: price } : null
  }
  if (price < indicators.average) return null
  return price > before.high ? { ...before, high: price } : before
}

function exitWish(pump: Pump | null, context: Context): Reaction<State>['wish'] {
  const { indicators, parameters: given, price } = context
  if (pump === null) {
    if (price >= indicators.average) return null
    const reason = `close ${show(price)} is below its average ${show(indicators.average)}`
    return { action: 'exit', confidence: 70, reason }
  }
  const fade = 100 * (1 - price / pump.high)
  if (fade < given.fadePercent) return null
  const reason = `close ${show(price)} is ${fade.toFixed(2)} % below the high ${show(pump.high)}`
  return { action: 'exit', confidence: clampConfidence(60 + fade), reason }
}

function entryWish(pump: Pump, context: Context): Reaction<State>['wish'] {
  const { closeTime, indicators, parameters: given, score } = context
  const ageHours = (closeTime - pump.since) / hourMs
  if (ageHours > given.ageHoursMax || indicators.strength > given.rsiEntryMax) return null
  const rise = riseOf(context)
  return {
    action: 'enter',
    confidence: clampConfidence(58 + Math.min(20, 4 * rise) + (score ?? 0) / 10),
    reason:
      `close ${show(context.price)} is a new high, ${rise.toFixed(2)} % above its average, ` +
      `in a pump of ${ageHours.toFixed(1)} hours`,
    stopLossPercent: given.stopLossPercent,
    takeProfitPercent: given.takeProfitPercent,
    setupSince: pump.since,
  }
}

function riseOf({ indicators, price }: Context): number {
  return 100 * (price / indicators.average - 1)
}

function show(value: number): string {
  return value.toPrecision(7)
}
