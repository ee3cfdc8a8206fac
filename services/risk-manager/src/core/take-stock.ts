// What a look at the account's value leads to: the record of it, and word of another regime.
import { createMessage, EquityValued, RegimeChanged, type AnyMessage } from '@flotilla/contracts'
import type { Book } from './book.ts'
import { divide } from './budgets.ts'
import type { Work } from './decide.ts'
import { observe, regimeChange, valuationChanges, type Observed, type Watched } from './observe.ts'
import { carriedPrices, valueAccount, worth } from './valuation.ts'

/** The account, asset by asset, from time to time: written down and told to all. */
export function takeStock(watched: Watched): Work & { readonly valued: EquityValued } {
  const { book, limits, now } = watched
  const { account } = book.account
  const seen = observe(watched)
  const valued = valueAccount(book, { now, priceAgeMaxMs: limits.priceAgeMaxMs })
  const { equity } = seen
  const prices = carriedPrices(book, now)
  // Nothing causes it, and the time alone does not name it: a second one in the same millisecond, of a
  // life that began in it, would be taken for the first said twice, and be refused.
  const number = (book.standing.valued?.number ?? 0) + 1
  const told = createMessage(EquityValued, {
    source: 'risk-manager',
    occurredAt: now,
    discriminator: `${account} ${now} ${number}`,
    account,
    payload: valued,
  })
  return {
    valued,
    changes: [
      ...valuationChanges(book, seen, { number, at: now, equity, prices }),
      ...divide(book, limits.budgets, (symbol, quantity) => worth(book, symbol, quantity)),
    ],
    records: [],
    outgoing: [...regimeMessages({ book, seen, now, cause: number }), told],
  }
}

export function regimeMessages({
  book,
  seen,
  now,
  cause,
}: {
  readonly book: Book
  readonly seen: Observed
  readonly now: number
  /** The message that is decided about, or the number of the valuation. */
  readonly cause: AnyMessage | number
}): readonly AnyMessage[] {
  const payload = regimeChange(book, seen)
  if (payload === null) return []
  const { account } = book.account
  const base = { source: 'risk-manager', occurredAt: now, account, payload } as const
  const name = `regime ${account} ${now}`
  if (typeof cause === 'number') {
    return [createMessage(RegimeChanged, { ...base, discriminator: `${name} ${cause}` })]
  }
  return [createMessage(RegimeChanged, { ...base, discriminator: name, cause })]
}
