import type { Ledger } from '../port.ts'

/** All that the ledger says about the accounts of the random work, to be compared. */
export async function snapshot(ledger: Ledger): Promise<object> {
  const numbers = [1, 2, 3, 4, 5]
  const accounts = ['paper', 'other']
  return {
    accounts: await ledger.loadAccounts(),
    balances: await Promise.all(accounts.map((each) => ledger.loadBalances(each))),
    open: await Promise.all(accounts.map((each) => ledger.loadOpenReservations(each))),
    reservations: await Promise.all(numbers.map((each) => ledger.findReservation(`r-${each}`))),
    decisions: await Promise.all(numbers.map((each) => ledger.findDecision('paper', `i-${each}`))),
    orders: await Promise.all(numbers.map((each) => ledger.findOrder(`o-${each}`))),
    fills: await ledger.loadFills({ account: 'paper' }),
    positions: await ledger.loadPositions('paper'),
    trades: await ledger.loadTrades({ account: 'paper' }),
    memory: await ledger.recallAll('strategy'),
    outbox: (await ledger.unpublished('risk-manager', 1_000)).map((each) => each.message),
  }
}
