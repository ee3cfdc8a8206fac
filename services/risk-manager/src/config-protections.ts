import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import { duration, share, signedShare } from './config-fields.ts'
import type { Caps, Protections } from './core/index.ts'

const stopGuard = z
  .strictObject({
    stops: z.int().min(0).max(50).default(0).describe('So many stops pause entries; 0 never.'),
    lookbackMs: duration.default(86_400_000).describe('Market milliseconds that are looked back.'),
    pauseMs: duration.default(43_200_000).describe('Market milliseconds of pause.'),
    perSymbol: z.boolean().default(false).describe('Count and pause each symbol by itself.'),
  })
  .prefault({})
  .describe('Pauses entries after so many stops.')

const lowProfit = z
  .strictObject({
    trades: z
      .int()
      .min(0)
      .max(50)
      .default(0)
      .describe('Of so many trades at least; 0 never locks.'),
    lookbackMs: duration.default(86_400_000).describe('Market milliseconds that are looked back.'),
    lockMs: duration.default(43_200_000).describe('Market milliseconds of lock.'),
    profitMin: signedShare
      .default('0')
      .describe('Sum of what they earned, as shares of their cost, below which the symbol locks.'),
  })
  .prefault({})
  .describe('Locks a symbol that earns too little.')

const protections = z.strictObject({
  cooldownMs: duration
    .default(0)
    .describe('Market milliseconds after a sale in which the symbol is not bought again.'),
  stopGuard,
  lowProfit,
})
export const ProtectionsConfig = protections
  .prefault({})
  .describe('Pauses after trades that went wrong; all are off unless set.')

export function protectionsOf(config: z.infer<typeof protections>): Protections {
  const { profitMin } = config.lowProfit
  return { ...config, lowProfit: { ...config.lowProfit, profitMin: Decimal.from(profitMin) } }
}

const caps = z.strictObject({
  symbolShareMax: share.default('1').describe('Of the account in one symbol.'),
  assetShareMax: share.default('1').describe('Of the account in one asset, however it came.'),
  correlatedShareMax: share.default('1').describe('Of the account in symbols that move together.'),
  correlationMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('Correlation of returns from which symbols count as one bet.'),
  correlationCandles: z.int().min(10).max(250).default(60).describe('Candles it is taken from.'),
})
export const CapsConfig = caps
  .prefault({})
  .describe('Caps beside exposureShareMax, as shares of the account; 1 caps nothing.')

export function capsOf(config: z.infer<typeof caps>): Caps {
  return {
    symbolShareMax: Decimal.from(config.symbolShareMax),
    assetShareMax: Decimal.from(config.assetShareMax),
    correlatedShareMax: Decimal.from(config.correlatedShareMax),
    correlationMin: config.correlationMin,
    correlationCandles: config.correlationCandles,
  }
}
