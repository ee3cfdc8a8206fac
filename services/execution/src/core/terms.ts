// What is stored with an order beside the ledger's columns, as JSON, and read back at a restart.
import type { Json, Order } from '@flotilla/ledger'
import { exitReasons } from '@flotilla/journal'
import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import type { JournalTerms, Terms } from './desk.ts'

const decimal = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : Decimal.from(text)))

const Pace = z.object({
  slice: z.string().transform((text) => Decimal.from(text)),
  left: z.int(),
  everyMs: z.number(),
  notBefore: z.number(),
})

const amount = z.string().transform((text) => Decimal.from(text))

const Quote = z.object({
  quoteId: z.string(),
  from: z.string(),
  to: z.string(),
  fromAmount: amount,
  toAmount: amount,
  validUntil: z.number(),
})

const Stored = z.object({
  causeId: z.string(),
  expiresAt: z.number().nullable(),
  target: decimal,
  pace: Pace.nullable().default(null),
  convert: z
    .union([z.literal('failed'), Quote])
    .nullable()
    .default(null),
  stop: decimal,
  takeProfit: decimal,
  strategy: z.string().nullable().default(null),
  expected: decimal.default(null),
  decided: decimal.default(null),
  exitReason: z.enum(exitReasons).nullable().default(null),
})

export function detailsOf(terms: Terms): { readonly [key: string]: Json } {
  return {
    causeId: terms.causeId,
    expiresAt: terms.expiresAt,
    target: terms.target?.toString() ?? null,
    ...(terms.pace === null ? {} : { pace: { ...terms.pace, slice: terms.pace.slice.toString() } }),
    ...(terms.convert === null ? {} : { convert: convertOf(terms.convert) }),
    stop: terms.stop?.toString() ?? null,
    takeProfit: terms.takeProfit?.toString() ?? null,
    ...journalDetailsOf(terms),
  }
}

function journalDetailsOf({ strategy, expected, decided, exitReason }: JournalTerms) {
  return {
    ...(strategy === null ? {} : { strategy }),
    ...(expected === null ? {} : { expected: expected.toString() }),
    ...(decided === null ? {} : { decided: decided.toString() }),
    ...(exitReason === null ? {} : { exitReason }),
  }
}

function convertOf(convert: NonNullable<Terms['convert']>): Json {
  if (convert === 'failed') return convert
  const { fromAmount, toAmount } = convert
  return { ...convert, fromAmount: fromAmount.toString(), toAmount: toAmount.toString() }
}

/** @throws ZodError when the row was not written by this service. */
export function termsOf(order: Order): Terms {
  return Stored.parse(order.details)
}
