import { LedgerUnavailableError } from '@flotilla/ledger'
import { answerFor, viewOf, type Source } from '@flotilla/lineage'
import type { Logger } from '@flotilla/runtime'
import { nothingKnown, whyRequest } from './core/index.ts'
import { problemAnswer } from './http.ts'
import type { Answer } from './http.ts'

/** The lineage of an order, an intent or a symbol by HTTP: what `flotilla why` tells, as JSON. */
export class WhyDesk {
  readonly #options: Source & { readonly symbols: readonly string[]; readonly logger: Logger }

  constructor(options: Source & { readonly symbols: readonly string[]; readonly logger: Logger }) {
    this.#options = options
  }

  async answer(text: string): Promise<Answer> {
    const { symbols, logger } = this.#options
    const asked = whyRequest(text, symbols)
    if (asked.kind === 'refused') return problemAnswer(422, asked.problems)
    try {
      const found = await answerFor(this.#options, asked.subject)
      if (found !== null) return { status: 200, body: viewOf(found) }
    } catch (err) {
      if (!(err instanceof LedgerUnavailableError)) throw err
      logger.warn({ err }, 'ledger away, no lineage told')
      return { status: 503, body: { error: 'the ledger does not answer now; ask again later' } }
    }
    const error = `nothing is known of ${asked.subject}`
    return { status: 404, body: { error, problems: [nothingKnown(asked.subject)] } }
  }
}
