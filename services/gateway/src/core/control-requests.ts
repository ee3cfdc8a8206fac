// A command as it comes in by HTTP, checked field by field. What is left out is not guessed: a command for
// everything says so by null, so that a forgotten or mistyped name never stops more, or less, than was meant.
import { tradingActions } from '@flotilla/contracts'
import type { ControlOrder } from '@flotilla/contracts'
import { z } from 'zod'
import { isStorable, problemsOf, unstorable } from './problems.ts'
import type { Problem } from './problems.ts'
import { canonicalSymbol } from './symbols.ts'

export type Commanded =
  | { readonly kind: 'understood'; readonly order: ControlOrder }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** What the fleet has: nothing else can be commanded. */
export type Scopes = { readonly accounts: readonly string[]; readonly symbols: readonly string[] }

const Action = z.enum(tradingActions, { error: `must be one of ${tradingActions.join(', ')}` })

const example =
  '{"account":null,"symbol":"BTC/USDT","reason":"news at three","requestedBy":"ada"}; ' +
  'null means every account, every symbol'

/** `POST /api/v1/control/<action>`. */
export function controlRequest(action: string, body: unknown, scopes: Scopes): Commanded {
  const path = z.object({ action: Action }).safeParse({ action })
  if (!path.success) return refused(problemsOf(path.error, { action }, example))
  const result = bodyOf(scopes).safeParse(body)
  if (!result.success) return refused(problemsOf(result.error, body, example))
  return { kind: 'understood', order: { ...path.data, ...result.data, agent: null } }
}

function bodyOf({ accounts, symbols }: Scopes) {
  const account = `must be one of ${accounts.join(', ')}, or null for every account`
  const symbol = `must be one of ${symbols.join(', ')}, or null for every symbol`
  return z.strictObject({
    account: z.enum(accounts, { error: account }).nullable(),
    symbol: z
      .string({ error: symbol })
      .transform((text, context) => {
        const found = canonicalSymbol(text, symbols)
        if (found !== null) return found
        context.addIssue({ code: 'custom', message: symbol })
        return z.NEVER
      })
      .nullable(),
    reason: words('why, for the records', 500),
    requestedBy: words('who asks, for the records', 64),
  })
}

function words(what: string, longest: number) {
  const error = `must say ${what}, in 1 to ${longest} characters`
  // A command that the ledger cannot keep would be taken here and carried out by nobody.
  return z.string({ error }).min(1, error).max(longest, error).refine(isStorable, unstorable)
}

function refused(problems: readonly Problem[]): Commanded {
  return { kind: 'refused', problems }
}
