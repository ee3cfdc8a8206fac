import type { MarketStore } from '@flotilla/market-store'
import { checkedConfig } from '../config-commands.ts'
import { OperatorError } from '../operator/link.ts'
import type { Terminal } from '../terminal.ts'
import { compare, TooLittleError, type AccountSeries } from './comparison.ts'
import { comparisonText } from './comparison-text.ts'
import { openEquity } from './open-equity.ts'

export type CompareOptions = {
  readonly config?: string
  /** Minutes. */
  readonly period?: number
  readonly since?: number
  readonly until?: number
  readonly seed: number
  readonly draws: number
  readonly level: number
  readonly json?: boolean
}

/** `flotilla compare <account> <account>`: whose policy did better, and whether that is chance. */
export async function compareAccounts(
  accounts: readonly [string, string],
  options: CompareOptions,
  terminal: Terminal,
): Promise<number> {
  const config = checkedConfig(options.config, [], terminal)
  if (config === null) return 1
  try {
    const store = await openEquity(config.shared)
    try {
      const [first, second] = accounts
      const comparison = compare(
        await seriesOf(store, first, options),
        await seriesOf(store, second, options),
        {
          periodMs: options.period === undefined ? null : options.period * 60_000,
          seed: options.seed,
          draws: options.draws,
          level: options.level / 100,
        },
      )
      const text = comparisonText(comparison, terminal.colors)
      terminal.print(options.json === true ? JSON.stringify(comparison, null, 2) : text)
      return 0
    } finally {
      await store.close()
    }
  } catch (error) {
    if (!(error instanceof OperatorError || error instanceof TooLittleError)) throw error
    terminal.complain(`flotilla: ${error.message}`)
    return 1
  }
}

async function seriesOf(
  store: Pick<MarketStore, 'equity'>,
  account: string,
  { since, until }: CompareOptions,
): Promise<AccountSeries> {
  const range = {
    ...(since === undefined ? {} : { from: since }),
    ...(until === undefined ? {} : { to: until }),
  }
  const points = await store.equity({ account, ...range })
  return { account, points: points.map(({ at, equity }) => ({ at, equity: equity.toNumber() })) }
}
