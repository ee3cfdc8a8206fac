import type { SharedConfig } from '@flotilla/fleet'
import type { LedgerReads } from '@flotilla/ledger'
import { checkedConfig } from '../config-commands.ts'
import { OperatorError } from '../operator/link.ts'
import type { Terminal } from '../terminal.ts'
import { openLedger } from './open-ledger.ts'

/**
 * Reads the ledger of a fleet that runs or has stopped; a fault that can be mended is one line. `source`
 * tells people which ledger it is.
 */
export async function withLedger(
  options: { readonly config?: string; readonly ledger?: string },
  terminal: Terminal,
  use: (reads: LedgerReads, shared: SharedConfig, source: string) => Promise<void>,
): Promise<number> {
  const config = checkedConfig(options.config, [], terminal)
  if (config === null) return 1
  try {
    const ledger = await openLedger(config.shared, options.ledger)
    try {
      await use(ledger.reads, config.shared, ledger.source)
      return 0
    } finally {
      await ledger.close()
    }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    terminal.complain(`flotilla: ${error.message}`)
    return 1
  }
}
