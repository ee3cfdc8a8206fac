// The building blocks of every payload. Numbers that are money travel as decimal strings.
import { Decimal } from '@flotilla/money'
import { z } from 'zod'

// A message has many amounts, and each is looked at wherever it arrives: the sign of a decimal stands in
// its text.
const isZero = (text: string): boolean => !/[1-9]/.test(text)
const isNegative = (text: string): boolean => text.startsWith('-') && !isZero(text)
const isPositive = (text: string): boolean => !text.startsWith('-') && !isZero(text)

/** A plain decimal text such as `0.015`; exact, without exponent. May be negative. */
export const DecimalText = z
  .string()
  .refine((text) => Decimal.isDecimal(text), { error: 'not a decimal number like 12.5' })
  .meta({ id: 'Decimal', description: 'Exact decimal number as text, e.g. "0.015".' })

/** A price in quote currency per unit of base; more than zero. */
export const PriceText = z
  .string()
  .refine((text) => Decimal.isDecimal(text) && isPositive(text), {
    error: 'not a price: a decimal above 0',
  })
  .meta({ id: 'Price', description: 'Price in quote currency per unit of base, above 0.' })

/** A quantity of base asset, zero or more; the side of the order gives the direction. */
export const QuantityText = z
  .string()
  .refine((text) => Decimal.isDecimal(text) && !isNegative(text), {
    error: 'not a quantity: a decimal of 0 or more',
  })
  .meta({ id: 'Quantity', description: 'Quantity of base asset, 0 or more.' })

/** An amount of some asset that is zero or more. */
export const AmountText = z
  .string()
  .refine((text) => Decimal.isDecimal(text) && !isNegative(text), {
    error: 'not an amount: a decimal of 0 or more',
  })
  .meta({ id: 'Amount', description: 'Amount of an asset, 0 or more.' })

/** UTC time with milliseconds, as `Date.prototype.toISOString` writes it. */
export const Instant = z.iso
  .datetime({ precision: 3 })
  .meta({ id: 'Instant', description: 'UTC time with milliseconds (ISO 8601).' })

export const Uuid = z.uuid().meta({ id: 'Uuid' })

/** The canonical name of a market, `BASE/QUOTE`; a venue's own form never appears here. */
export const MarketSymbol = z
  .string()
  .regex(/^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/, 'not a symbol like BTC/USDT')
  .meta({ id: 'Symbol', description: 'Canonical market name, e.g. "BTC/USDT".' })

/** An asset's code, `BTC`. */
export const Asset = z
  .string()
  .regex(/^[A-Z0-9]{1,20}$/, 'not an asset code like BTC')
  .meta({ id: 'Asset' })

/** Our name of a venue, `binance`, `simulator`. */
export const VenueName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'not a venue name like binance')
  .meta({ id: 'Venue' })

/** Our name of an account, `main`. */
export const AccountName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'not an account name like main')
  .meta({ id: 'Account' })

export const Timeframe = z
  .enum(['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '12h', '1d'])
  .meta({ id: 'Timeframe' })
export type Timeframe = z.infer<typeof Timeframe>

/** Length of each timeframe in milliseconds. */
export const timeframeMs: Readonly<Record<Timeframe, number>> = {
  '1m': 60_000,
  '3m': 180_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '2h': 7_200_000,
  '4h': 14_400_000,
  '6h': 21_600_000,
  '12h': 43_200_000,
  '1d': 86_400_000,
}

export const Side = z.enum(['buy', 'sell']).meta({ id: 'Side' })
export type Side = z.infer<typeof Side>

/** An entry opens or adds to a position, an exit makes it smaller. */
export const Purpose = z.enum(['entry', 'exit']).meta({ id: 'Purpose' })
export type Purpose = z.infer<typeof Purpose>

export const Percentage = z.number().min(0).max(100).meta({ id: 'Percentage' })

/** The name of one agent of the fleet, or of the operator who gives commands by hand. */
export const AgentName = z
  .enum([
    'data-collection',
    'technical-analysis',
    'strategy',
    'risk-manager',
    'execution',
    'gateway',
    'auditor',
    'notifier',
    'operator',
  ])
  .meta({ id: 'Agent' })
export type AgentName = z.infer<typeof AgentName>
