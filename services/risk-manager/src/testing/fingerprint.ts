import type { Book } from '../core/index.ts'

/** What must never be, was. */
export class Broken extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'Broken'
  }
}

/** What of a book comes from the ledger, as a text: the same for books that are the same. */
export function fingerprint(book: Book): string {
  const { account, funds, reservations, openEntries, entryMoney, positions, trades } = book
  const { tradingStates, standing, budget, owners, budgetReserved } = book
  const moved = [...funds].filter(
    ([, { total, reserved }]) => !total.isZero() || !reserved.isZero(),
  )
  const part = {
    account,
    funds: new Map(moved),
    reservations,
    openEntries,
    entryMoney,
    positions,
    trades,
    tradingStates,
    standing,
    budget,
    owners,
    budgetReserved,
  }
  return JSON.stringify(part, (_, value: unknown) =>
    value instanceof Map ? [...value].toSorted(([one], [other]) => (one < other ? -1 : 1)) : value,
  )
}
