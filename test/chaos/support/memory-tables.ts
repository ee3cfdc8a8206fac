// A ledger that is read through its port, in the form in which the judge reads PostgreSQL's tables.
import type { AnyMessage } from '@flotilla/contracts'
import type { Ledger } from '@flotilla/ledger'
import type { Tables } from '../../e2e/support/checker.ts'
import { account } from './messages.ts'

const ALL = 10_000

export async function tablesOf(ledger: Ledger, said: readonly AnyMessage[]): Promise<Tables> {
  const reservations = await ledger.loadOpenReservations(account)
  return {
    orders: (await ledger.loadOrders({ account, limit: ALL })).map((order) => ({
      client_order_id: order.clientOrderId,
      intent_id: order.intentId,
      leg: order.leg,
      state: order.state,
      filled_quantity: order.filledQuantity.toString(),
    })),
    fills: (await ledger.loadFills({ account })).map((fill) => ({
      symbol: fill.symbol,
      trade_id: fill.tradeId,
      client_order_id: fill.clientOrderId,
      side: fill.side,
      quantity: fill.quantity.toString(),
      price: fill.price.toString(),
      fee: fill.fee.toString(),
      fee_asset: fill.feeAsset,
    })),
    positions: (await ledger.loadPositions(account)).map((position) => ({
      symbol: position.symbol,
      quantity: position.quantity.toString(),
      protection_state: position.protection?.state ?? null,
      protected_quantity: position.protection?.quantity.toString() ?? null,
    })),
    balances: (await ledger.loadBalances(account)).map((balance) => ({
      asset: balance.asset,
      total: balance.total.toString(),
      reserved: balance.reserved.toString(),
    })),
    reservations: reservations.map(({ reservationId, state }) => ({
      reservation_id: reservationId,
      state,
    })),
    decisions: (await ledger.loadDecisions({ account, limit: ALL })).map((decision) => ({
      intent_id: decision.intentId,
      verdict: decision.verdict,
    })),
    outbox: [...said.map(rowOf), ...(await waitingOf(ledger))],
  }
}

function rowOf({ type, payload }: AnyMessage) {
  return {
    type,
    waiting: 'false',
    intent_id: 'intentId' in payload ? (payload.intentId ?? null) : null,
    ends_reservation: 'endsReservation' in payload ? String(payload.endsReservation) : null,
  }
}

async function waitingOf(ledger: Ledger) {
  const agents = ['execution', 'risk-manager'] as const
  const waiting = await Promise.all(agents.map((agent) => ledger.unpublished(agent, ALL)))
  return waiting.flat().map(({ message }) => ({ ...rowOf(message), type: null, waiting: 'true' }))
}
