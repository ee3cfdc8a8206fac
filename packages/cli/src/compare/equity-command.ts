import { instant } from '@flotilla/contracts'
import { checkedConfig } from '../config-commands.ts'
import { OperatorError } from '../operator/link.ts'
import { table } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { openEquity } from './open-equity.ts'

export type EquityOptions = {
  readonly config?: string
  readonly account?: string
  readonly since?: number
  readonly until?: number
  readonly limit: number
  readonly json?: boolean
}

/** `flotilla equity`: what an account was worth over time, newest last. */
export async function showEquity(options: EquityOptions, terminal: Terminal): Promise<number> {
  const config = checkedConfig(options.config, [], terminal)
  if (config === null) return 1
  const { account = config.shared.account.id, since, until, limit } = options
  try {
    const store = await openEquity(config.shared)
    try {
      const range = {
        ...(since === undefined ? {} : { from: since }),
        ...(until === undefined ? {} : { to: until }),
      }
      const points = await store.equity({ account, limit, ...range })
      if (points.length === 0) throw new OperatorError(`no valuation of ${account} is stored`)
      const rows = points.map(({ at, equity }) => [instant(at), equity.toString()])
      const json = rows.map(([at, equity]) => ({ account, at, equity }))
      const lines = table([['valued at', `equity of ${account}`], ...rows])
      terminal.print(options.json === true ? JSON.stringify(json, null, 2) : lines.join('\n'))
      return 0
    } finally {
      await store.close()
    }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    terminal.complain(`flotilla: ${error.message}`)
    return 1
  }
}
