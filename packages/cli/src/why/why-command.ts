import { answerFor } from '@flotilla/lineage'
import { checkedConfig } from '../config-commands.ts'
import { OperatorError } from '../operator/link.ts'
import type { Terminal } from '../terminal.ts'
import { answerText } from './lineage-text.ts'
import { openLedger } from './open-ledger.ts'

export type WhyOptions = { readonly config?: string; readonly ledger?: string }

/** `flotilla why <order, intent or symbol>`: how it came about, read from the ledger. */
export async function why(
  subject: string,
  options: WhyOptions,
  terminal: Terminal,
): Promise<number> {
  const config = checkedConfig(options.config, [], terminal)
  if (config === null) return 1
  try {
    const ledger = await openLedger(config.shared, options.ledger)
    try {
      const source = { ledger: ledger.reads, mainAccount: config.shared.account.id }
      const answer = await answerFor(source, subject)
      if (answer === null) {
        throw new OperatorError(
          `${ledger.source} knows nothing of ${subject}; give the name of an order, the id of an ` +
            'intent or a reservation, or a symbol like BTC/USDT',
        )
      }
      terminal.print(`from ${ledger.source}\n\n${answerText(answer, terminal.colors)}`)
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
