// What is stored with an order beside the ledger's columns, as JSON, and read back at a restart.
import type { Json, Order } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import type { Terms } from './desk.ts'

const decimal = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : Decimal.from(text)))

const Stored = z.object({
  causeId: z.string(),
  expiresAt: z.number().nullable(),
  target: decimal,
  stop: decimal,
  takeProfit: decimal,
})

export function detailsOf(terms: Terms): Json {
  return {
    causeId: terms.causeId,
    expiresAt: terms.expiresAt,
    target: terms.target?.toString() ?? null,
    stop: terms.stop?.toString() ?? null,
    takeProfit: terms.takeProfit?.toString() ?? null,
  }
}

/** @throws ZodError when the row was not written by this service. */
export function termsOf(order: Order): Terms {
  return Stored.parse(order.details)
}
