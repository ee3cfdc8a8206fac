import { formatIndicator, shippedStrategies } from '@flotilla/strategy-kit'
import type { IndicatorSpec } from '@flotilla/strategy-kit'
import { z } from 'zod'

const names = shippedStrategies.map(({ name }) => name)

const strategy = z
  .strictObject({
    name: z.enum(names).describe('Which strategy.'),
    id: z
      .string()
      .max(64)
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      .optional()
      .describe('Its name in messages; needed only when one strategy runs twice.'),
    symbols: z.array(z.string()).optional().describe('All symbols of the fleet unless given.'),
    parameters: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('Its own parameters; see the strategy for their ranges.'),
  })
  .superRefine((entry, context) => {
    const shipped = shippedStrategies.find(({ name }) => name === entry.name)
    const result = shipped?.parameters.safeParse(entry.parameters)
    for (const issue of result?.error?.issues ?? []) {
      const path = ['parameters', ...issue.path]
      context.addIssue({ code: 'custom', path, message: issue.message })
    }
  })

export const StrategyConfig = z
  .strictObject({
    strategies: z
      .array(strategy)
      .max(50)
      .default(['ema-crossover', 'rsi-reversion'].map((name) => ({ name, parameters: {} })))
      .describe('The strategies that run.'),
    signalAgeCandles: z
      .number()
      .positive()
      .max(1_000)
      .default(3)
      .describe('Signals of candles that closed longer ago, in candles, are not traded on.'),
    entryLifetimeCandles: z
      .number()
      .positive()
      .max(1_000)
      .default(2)
      .describe('An entry nobody carried out for this long, in candles, is void.'),
    exitLifetimeCandles: z
      .number()
      .positive()
      .max(1_000)
      .default(10)
      .describe('The same for an exit: a late exit is better than none, a late entry is not.'),
    cooldownMs: z
      .int()
      .min(0)
      .default(300_000)
      .describe('Market milliseconds without an entry after a denial or rejection.'),
    openIntentGraceMs: z
      .int()
      .min(0)
      .default(3_600_000)
      .describe('Market milliseconds after which an intent whose end was never told is given up.'),
    confidenceMin: z
      .number()
      .min(0)
      .max(100)
      .default(0)
      .describe('The minimum score: no entry of a lower confidence.'),
    quoteVolume24hMin: z
      .number()
      .min(0)
      .default(0)
      .describe('No entry while less was traded in 24 hours, in quote currency; 0 is no limit.'),
    spreadMaxPercent: z
      .number()
      .positive()
      .max(100)
      .nullable()
      .default(null)
      .describe('No entry while bid and ask are farther apart, in per cent; null is no limit.'),
    tickerAgeMaxMs: z
      .int()
      .min(1_000)
      .default(300_000)
      .describe('Market milliseconds after which a ticker says nothing about volume and spread.'),
    setupAgeHoursMax: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe('No entry into what began longer ago, as a pump; null is no limit.'),
    symbolCooldownMs: z
      .int()
      .min(0)
      .default(60_000)
      .describe('Market milliseconds without an entry of any strategy after an entry or a close.'),
    quarantine: z
      .strictObject({
        failures: z.int().min(1).max(100).default(3).describe('So many failed orders ...'),
        withinMs: z.int().min(1).default(3_600_000).describe('... within this time ...'),
        forMs: z.int().min(0).default(3_600_000).describe('... mean no entry for this long.'),
      })
      .prefault({})
      .describe('A symbol whose orders fail again and again is left alone; market milliseconds.'),
    hotReload: z
      .boolean()
      .default(true)
      .describe('On paper, a strategy file that is saved is taken at once; never in live mode.'),
    filterEngine: z
      .strictObject({
        enabled: z.boolean().default(false).describe('Whether closed trades move the filters.'),
      })
      .prefault({})
      .describe('Looks at the last 14 days at 00:05 UTC and moves score, volume, spread and age.'),
  })
  .superRefine(({ strategies }, context) => {
    const ids = strategies.map(({ id, name }) => id ?? name)
    ids.forEach((id, index) => {
      if (ids.indexOf(id) === index) return
      const message = `${id} is there twice: give one of them another id`
      context.addIssue({ code: 'custom', path: ['strategies', index], message })
    })
  })
  .describe('strategy: from analysis to intents.')
export type StrategyConfig = z.infer<typeof StrategyConfig>

/** The indicators that the configured strategies need, for whoever computes them. */
export function indicatorsNeededBy(config: StrategyConfig): IndicatorSpec[] {
  const all = config.strategies.flatMap(({ name, parameters }) => {
    const strategy = shippedStrategies.find((each) => each.name === name)
    return strategy?.configure(parameters).indicators ?? []
  })
  return [...new Map(all.map((spec) => [formatIndicator(spec), spec])).values()]
}
