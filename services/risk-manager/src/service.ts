import { LeadingLife, type Agent, type Readiness } from '@flotilla/fleet'
import { createRiskMetrics } from './metrics.ts'
import { RiskStore } from './store.ts'
import { Term, type Deps } from './term.ts'

/** There is one risk manager per account at a time; what it does is its term. */
export class RiskManager implements Agent {
  readonly #deps: Deps
  readonly #life: LeadingLife<Term>

  constructor(deps: Deps) {
    this.#deps = deps
    const store = new RiskStore(deps)
    const metrics = createRiskMetrics(deps.context.metrics, () => this.#life.term?.book ?? null)
    const { ledger, bus, context, config, shared } = deps
    this.#life = new LeadingLife(
      {
        name: 'risk-manager',
        account: shared.account.id,
        leaseMs: config.leaseMs,
        keepDays: shared.ledger.keepDays,
        ledger,
        publish: (messages) => bus.publishAll(messages),
        context,
      },
      (grant) => new Term({ deps, store, metrics, ...grant }),
    )
  }

  /** Resolves when intents are taken, or when something has to be waited for. */
  start(): Promise<void> {
    return this.#life.start()
  }

  stop(): Promise<void> {
    return this.#life.stop()
  }

  readiness(): Readiness {
    const { term, waitsFor } = this.#life
    const { id: account } = this.#deps.shared.account
    return { ready: waitsFor === null, detail: { waitsFor, account, ...detailOf(term) } }
  }
}

function detailOf(term: Term | null) {
  const book = term?.book ?? null
  const valued = term?.valued ?? null
  if (book === null) return { openReservations: null, prices: null, valued, stopped: [] }
  return {
    openReservations: book.reservations.size,
    prices: book.prices.size,
    valued,
    /** What an operator has paused, flattened or halted; `*` is the whole account. */
    stopped: [...book.tradingStates].map(([scope, entry]) => ({ scope, ...entry })),
  }
}
