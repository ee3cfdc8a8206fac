import { Decimal, sum } from '@flotilla/money'
import { z } from 'zod'
import { share } from './config-fields.ts'

const strategy = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'is not the name of a strategy')

export const BudgetsConfig = z
  .record(strategy, share)
  .refine((budgets) => sum(Object.values(budgets).map((each) => Decimal.from(each))).atMost('1'), {
    error: 'come to more than the account',
  })
  .default({})
  .describe('Part of the account of each strategy; the others share the rest. None: all share all.')

export const PrioritiesConfig = z
  .record(strategy, z.number().min(-100).max(100))
  .default({})
  .describe('Who goes first of those who wait at once, the highest; 0 where not named.')

export function budgetsOf(config: z.infer<typeof BudgetsConfig>): ReadonlyMap<string, Decimal> {
  return new Map(Object.entries(config).map(([name, text]) => [name, Decimal.from(text)]))
}
