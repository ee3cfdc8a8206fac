import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import type { UniverseRules } from './core/index.ts'

const symbolPattern = z.string().regex(/^[A-Z0-9*]{1,20}(\/[A-Z0-9*]{1,20})?$/, {
  error: 'is not a symbol or a pattern, as BTC/USDT, BTC/* or *UP/USDT',
})
const patterns = z.array(symbolPattern)

const amount = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((text) => Decimal.isDecimal(text) && !Decimal.from(text).isNegative(), {
    error: 'is not a plain decimal number of 0 or more, as 10000000',
  })

const tier = (symbols: readonly string[], volumeMin: string) =>
  z
    .strictObject({
      symbols: patterns.default([...symbols]).describe('Patterns of the symbols of this tier.'),
      quoteVolume24hMin: amount
        .default(volumeMin)
        .describe("Value that must trade in 24 hours, in the account's currency."),
    })
    .prefault({})

/** Traded everywhere and deeply; a hole in one venue's figures says nothing about them. */
const coreSymbols = ['BTC/*', 'ETH/*', 'SOL/*'] as const

const dayMs = 86_400_000

export const UniverseConfig = z
  .strictObject({
    tiers: z
      .strictObject({
        core: tier(coreSymbols, '10000000'),
        rotational: tier([], '5000000'),
        event: tier([], '2000000'),
      })
      .prefault({}),
    quoteVolume24hMin: amount
      .default('3000000')
      .describe('The same for symbols that no tier names; they are rotational.'),
    spreadShareMax: amount
      .default('0.005')
      .describe('Widest distance of bid and ask, as a share of the middle price.'),
    ageDaysMin: z.int().min(0).default(0).describe('Days since the first candle; 0 asks for none.'),
    forceEligible: patterns
      .default([...coreSymbols])
      .describe('Symbols that skip the checks of volume, spread and age.'),
    allow: patterns.default(['*']).describe('Only these may be traded.'),
    deny: patterns.default([]).describe('These are never traded, not even when forced.'),
    topSymbols: z
      .int()
      .min(0)
      .max(200)
      .default(0)
      .describe('How many of the most traded symbols are taken in beside the configured ones.'),
    topRefreshMs: z
      .int()
      .min(60_000)
      .default(3_600_000)
      .describe('Market milliseconds between two looks at the volume of all symbols.'),
    stayShare: z
      .number()
      .min(0.1)
      .max(1)
      .default(0.8)
      .describe('Who is in stays with this share of what one needs to come in.'),
    confirmMs: z
      .int()
      .min(0)
      .default(3_600_000)
      .describe('Market milliseconds that another verdict must hold before it counts.'),
  })
  .describe('Which symbols may be traded.')
export type UniverseConfig = z.infer<typeof UniverseConfig>

export function universeRules(config: UniverseConfig): UniverseRules {
  const tierRule = ({ symbols, quoteVolume24hMin }: UniverseConfig['tiers']['core']) => {
    return { symbols, volumeMin: Decimal.from(quoteVolume24hMin) }
  }
  return {
    tiers: {
      core: tierRule(config.tiers.core),
      rotational: tierRule(config.tiers.rotational),
      event: tierRule(config.tiers.event),
    },
    volumeMin: Decimal.from(config.quoteVolume24hMin),
    spreadShareMax: Decimal.from(config.spreadShareMax),
    ageMsMin: config.ageDaysMin * dayMs,
    forceEligible: config.forceEligible,
    allow: config.allow,
    deny: config.deny,
    topSymbols: config.topSymbols,
    stayShare: Decimal.from(String(config.stayShare)),
    confirmMs: config.confirmMs,
  }
}
