import { instant } from '@flotilla/contracts'
import type { LedgerReads, Order, Reservation } from '@flotilla/ledger'
import { waitingFor, type Waiting } from '@flotilla/risk-manager'
import { table } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { withLedger } from '../ledger/with-ledger.ts'

export type ReservationsOptions = {
  readonly config?: string
  readonly ledger?: string
  readonly account?: string
  readonly json?: boolean
}

type Row = {
  readonly reservation: Reservation
  /** Of the decision that made it: the reservation names only the asset. */
  readonly symbol: string
  readonly orders: readonly Order[]
  readonly waiting: Waiting | null
}

/** `flotilla reservations`: what is set aside, for which orders, and what waits for fills that nobody told. */
export function showReservations(
  options: ReservationsOptions,
  terminal: Terminal,
): Promise<number> {
  return withLedger(options, terminal, async (reads) => {
    const rows = await rowsOf(reads, options)
    terminal.print(options.json === true ? JSON.stringify(rows, null, 2) : textOf(rows))
  })
}

async function rowsOf(reads: LedgerReads, { account }: ReservationsOptions): Promise<Row[]> {
  const names = (await reads.loadAccounts()).map((each) => each.account)
  const wanted = names.filter((name) => account === undefined || name === account)
  const open = await Promise.all(wanted.map((name) => reads.loadOpenReservations(name)))
  return Promise.all(
    open
      .flat()
      .toSorted((one, other) => one.createdAt - other.createdAt)
      .map(async (reservation) => {
        const { account: owner, intentId } = reservation
        const all = await reads.loadOrdersOfIntent(owner, intentId)
        const decision = await reads.findDecision(owner, intentId)
        const orders = all.filter(
          ({ reservationId }) => reservationId === reservation.reservationId,
        )
        // Shown as it is now: whoever looks sees since when, and judges for himself.
        const waiting = waitingFor(reservation, orders, Number.POSITIVE_INFINITY)
        return { reservation, symbol: decision?.symbol ?? '', orders, waiting }
      }),
  )
}

function textOf(rows: readonly Row[]): string {
  if (rows.length === 0) return 'nothing is set aside'
  const heading = ['since', 'account', 'symbol', 'set aside', 'used', 'intent', 'what it waits for']
  return table([heading, ...rows.map(cellsOf)], 9).join('\n')
}

function cellsOf(row: Row): string[] {
  const { account, asset, amount, consumed, intentId, createdAt } = row.reservation
  const held = `${amount.toString()} ${asset}`
  return [
    instant(createdAt),
    account,
    row.symbol,
    held,
    consumed.toString(),
    intentId,
    wordsOf(row),
  ]
}

function wordsOf({ reservation, orders, waiting }: Row): string {
  if (waiting?.cause === 'fills-not-told') {
    const amount = `${waiting.amount.toString()} ${reservation.asset}`
    return `fills of ${amount} that were not told: ${waiting.orders.join(', ')}`
  }
  if (orders.length === 0) return 'an order'
  const states = orders.map(({ clientOrderId, state }) => `${clientOrderId} ${state}`)
  return `the end of ${states.join(', ')}`
}
