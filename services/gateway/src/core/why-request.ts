// What the lineage is asked of: an order, an intent, a reservation or a symbol, as people write them.
import { z } from 'zod'
import { problemsOf } from './problems.ts'
import type { Problem } from './problems.ts'
import { canonicalSymbol } from './symbols.ts'

export type Asked =
  | { readonly kind: 'understood'; readonly subject: string }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

const example = 'GET /api/v1/trading/why/BTC-USDT'

const must =
  'must be the name of an order, the id of an intent or of a reservation, or a symbol like BTC-USDT'

const Subject = z
  .string()
  .max(100, `has more than 100 characters; ${must}`)
  .regex(/^[A-Za-z0-9:_./-]+$/, `has characters that no name has; ${must}`)

/** `GET /api/v1/trading/why/<subject>`; a symbol that the fleet trades is found however it is written. */
export function whyRequest(text: string, symbols: readonly string[]): Asked {
  const result = z.object({ subject: Subject }).safeParse({ subject: text.replace(/\/$/, '') })
  if (!result.success) {
    return { kind: 'refused', problems: problemsOf(result.error, { subject: text }, example) }
  }
  const { subject } = result.data
  return { kind: 'understood', subject: canonicalSymbol(subject, symbols) ?? subject }
}

/** Understood, and nobody knows anything of it. */
export function nothingKnown(subject: string): Problem {
  const message = `is not known to the ledger; ${must} that was decided on (\`flotilla decisions\`)`
  return { field: 'subject', value: subject, message }
}
