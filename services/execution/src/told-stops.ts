// What keeps entries back by the word of others: the trading state that the risk manager tells of, and
// what an operator had flattened. The latter is kept here by itself, because the command reaches
// execution on its own way: an entry that was approved a moment before it may come after it, and
// before the risk manager's word.
import type { Ledger, LedgerChange } from '@flotilla/ledger'

const STOPPED = 'entries-stopped:'
const FLATTENED = 'flattened:'
const EVERY_SYMBOL = '*'

type Kind = typeof STOPPED | typeof FLATTENED

export class ToldStops {
  readonly #stopped: Map<string, string>
  readonly #flattened: Map<string, string>

  private constructor(stopped: Map<string, string>, flattened: Map<string, string>) {
    this.#stopped = stopped
    this.#flattened = flattened
  }

  static async load(ledger: Ledger): Promise<ToldStops> {
    return new ToldStops(await loadAll(ledger, STOPPED), await loadAll(ledger, FLATTENED))
  }

  static none(): ToldStops {
    return new ToldStops(new Map(), new Map())
  }

  /** Why the risk manager lets no entry of the symbol pass; null when it does. */
  reasonFor(symbol: string): string | null {
    return this.#stopped.get(EVERY_SYMBOL) ?? this.#stopped.get(symbol) ?? null
  }

  /** Why nothing of the symbol is to be held; null when it may be. */
  flattenedFor(symbol: string): string | null {
    return this.#flattened.get(EVERY_SYMBOL) ?? this.#flattened.get(symbol) ?? null
  }

  /** All of them, for people; `*` is the whole account. */
  get all(): readonly { readonly scope: string; readonly reason: string }[] {
    const flattened = [...this.#flattened].map(([scope, reason]) => [scope, `flattened: ${reason}`])
    return [...this.#stopped, ...flattened].map(([scope = '', reason = '']) => ({ scope, reason }))
  }

  /** A null symbol is the whole account; a null reason is the end of the stop. */
  stop(symbol: string | null, reason: string | null): LedgerChange[] {
    return [put(this.#stopped, { kind: STOPPED, scope: symbol ?? EVERY_SYMBOL, reason })]
  }

  flatten(symbol: string | null, reason: string): LedgerChange[] {
    return [put(this.#flattened, { kind: FLATTENED, scope: symbol ?? EVERY_SYMBOL, reason })]
  }

  /**
   * What a resume stores; `resumed` follows when it is stored, for until then entries wait. For the whole
   * account it ends what was flattened of single symbols too.
   */
  resuming(symbol: string | null): LedgerChange[] {
    return this.#flattenedIn(symbol).map((scope) => change(FLATTENED, scope, null))
  }

  resumed(symbol: string | null): void {
    for (const scope of this.#flattenedIn(symbol)) this.#flattened.delete(scope)
  }

  #flattenedIn(symbol: string | null): string[] {
    return [...this.#flattened.keys()].filter((scope) => symbol === null || scope === symbol)
  }
}

async function loadAll(ledger: Ledger, kind: Kind): Promise<Map<string, string>> {
  const entries = await ledger.recallAll('execution', kind)
  const reasons = new Map<string, string>()
  for (const { key, value } of entries) {
    if (typeof value === 'string') reasons.set(key.slice(kind.length), value)
  }
  return reasons
}

type Put = { readonly kind: Kind; readonly scope: string; readonly reason: string | null }

function put(reasons: Map<string, string>, { kind, scope, reason }: Put): LedgerChange {
  if (reason === null) reasons.delete(scope)
  else reasons.set(scope, reason)
  return change(kind, scope, reason)
}

function change(kind: Kind, scope: string, value: string | null): LedgerChange {
  return { kind: 'memory-stored', agent: 'execution', key: `${kind}${scope}`, value }
}
