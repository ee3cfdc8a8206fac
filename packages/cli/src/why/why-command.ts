import { answerFor } from '@flotilla/lineage'
import { withLedger } from '../ledger/with-ledger.ts'
import { OperatorError } from '../operator/link.ts'
import type { Terminal } from '../terminal.ts'
import { answerText } from './lineage-text.ts'

export type WhyOptions = { readonly config?: string; readonly ledger?: string }

/** `flotilla why <order, intent or symbol>`: how it came about, read from the ledger. */
export async function why(
  subject: string,
  options: WhyOptions,
  terminal: Terminal,
): Promise<number> {
  return withLedger(options, terminal, async (ledger, shared, source) => {
    const answer = await answerFor({ ledger, mainAccount: shared.account.id }, subject)
    if (answer === null) {
      throw new OperatorError(
        `${source} knows nothing of ${subject}; give the name of an order, the id of an ` +
          'intent or a reservation, or a symbol like BTC/USDT',
      )
    }
    terminal.print(`from ${source}\n\n${answerText(answer, terminal.colors)}`)
  })
}
