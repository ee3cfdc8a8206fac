import { counter, gauge, histogram } from '@flotilla/runtime'
import type { Metrics } from '@flotilla/runtime'
import { availableOf, exposureOf, netAssetValue, type Book } from './core/index.ts'

export type RiskMetrics = ReturnType<typeof createRiskMetrics>

/** Statistics only: nothing is decided with these numbers. */
export function createRiskMetrics(metrics: Metrics, book: () => Book | null) {
  showBook(metrics, book)
  showStops(metrics, book)
  return begun(createCounters(metrics))
}

function showBook(metrics: Metrics, book: () => Book | null): void {
  const ofBook = (name: string, help: string, read: (book: Book) => number): void => {
    gauge(metrics, {
      name,
      help,
      collect: () => {
        const current = book()
        return current === null ? 0 : read(current)
      },
    })
  }
  ofBook('flotilla_equity', 'Value of the account in its currency.', (each) =>
    netAssetValue(each).toNumber(),
  )
  ofBook('flotilla_exposure', 'Positions and entries on their way, in account currency.', (each) =>
    exposureOf(each).toNumber(),
  )
  ofBook('flotilla_available_balance', 'Account currency neither spent nor set aside.', (each) =>
    availableOf(each, each.account.currency).toNumber(),
  )
  ofBook('flotilla_drawdown', 'Share by which the account is below its peak.', (each) =>
    drawdownOf(each),
  )
  ofBook('flotilla_open_reservations', 'Reservations that are held.', (each) => {
    return each.reservations.size
  })
}

/** What people have stopped, and what the account's own fall has. */
function showStops(metrics: Metrics, book: () => Book | null): void {
  for (const state of ['paused', 'flattened', 'halted'] as const) {
    gauge(metrics, {
      name: `flotilla_scopes_${state}`,
      help: `How many of the account and its symbols an operator has ${state}.`,
      collect: () => {
        const entries = [...(book()?.tradingStates.values() ?? [])]
        return entries.filter((each) => each.state === state).length
      },
    })
  }
  const regimes = ['normal', 'defense', 'halt']
  gauge(metrics, {
    name: 'flotilla_drawdown_regime',
    help: '0 normal, 1 defense (sizes are smaller), 2 halt (no entries).',
    collect: () => Math.max(0, regimes.indexOf(book()?.standing.drawdown?.regime ?? 'normal')),
  })
}

function createCounters(metrics: Metrics) {
  return {
    decisions: counter(metrics, {
      name: 'flotilla_decisions_total',
      help: 'Intents decided, by verdict.',
      labelNames: ['verdict'],
    }),
    denials: counter(metrics, {
      name: 'flotilla_denials_total',
      help: 'Reasons of denied intents, by code.',
      labelNames: ['code'],
    }),
    decisionSeconds: histogram(metrics, {
      name: 'flotilla_decision_seconds',
      help: 'From taking an intent to its durable decision.',
    }),
    priceFallbacks: counter(metrics, {
      name: 'flotilla_price_fallbacks_total',
      help: 'Decisions made without a fresh market price, by the source used instead.',
      labelNames: ['source'],
    }),
    rebuilds: counter(metrics, {
      name: 'flotilla_book_rebuilds_total',
      help: 'Times the book was rebuilt from the ledger, by cause.',
      labelNames: ['cause'],
    }),
    commands: counter(metrics, {
      name: 'flotilla_commands_total',
      help: "Operators' commands to this account, by what became of them.",
      labelNames: ['outcome'],
    }),
    trims: counter(metrics, {
      name: 'flotilla_trims_total',
      help: 'Exits that the risk manager decided by itself, by symbol.',
      labelNames: ['symbol'],
    }),
    trimAlerts: counter(metrics, {
      name: 'flotilla_trim_alerts_total',
      help: 'Trims that did not come to an end, by cause.',
      labelNames: ['cause'],
    }),
    withdrawals: counter(metrics, {
      name: 'flotilla_reservations_withdrawn_total',
      help: 'Reservations that nothing would have ended any more, by cause.',
      labelNames: ['cause'],
    }),
    ...gaugesOfWaiting(metrics),
    shortfalls: counter(metrics, {
      name: 'flotilla_balance_shortfalls_total',
      help: 'Fills that took more of an asset than the ledger had, by asset.',
      labelNames: ['asset'],
    }),
  }
}

function gaugesOfWaiting(metrics: Metrics) {
  return {
    waiting: gauge(metrics, {
      name: 'flotilla_reservations_waiting',
      help: 'Reservations kept because fills were not told or an order does not end, by cause.',
      labelNames: ['cause'],
    }),
    valuationFaults: gauge(metrics, {
      name: 'flotilla_valuation_faults',
      help: 'Assets that the last valuation took at an old price or without one.',
    }),
    waitingAmount: gauge(metrics, {
      name: 'flotilla_reservations_waiting_amount',
      help: 'What is missing for them, in units of the asset.',
      labelNames: ['asset'],
    }),
  }
}

/** From nought, so that the first of them is seen as an increase. */
function begun(counters: ReturnType<typeof createCounters>) {
  for (const cause of ['loop', 'budget']) counters.trimAlerts.inc({ cause }, 0)
  for (const cause of ['never-ordered', 'never-ended']) counters.withdrawals.inc({ cause }, 0)
  for (const source of ['market-store', 'intent']) counters.priceFallbacks.inc({ source }, 0)
  return counters
}

function drawdownOf(book: Book): number {
  const peak = book.standing.drawdown?.peak.toNumber() ?? 0
  return peak > 0 ? Math.max(0, 1 - netAssetValue(book).toNumber() / peak) : 0
}
