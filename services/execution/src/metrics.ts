// Statistics only: nothing is decided with these numbers.
import { counter, gauge, type Metrics } from '@flotilla/runtime'
import type { VenueHealth } from '@flotilla/venue'
import { isDoubtful, type Desk } from './core/index.ts'

export type ExecutionMetrics = ReturnType<typeof createExecutionMetrics>

type Watched = {
  readonly desks: () => readonly Desk[]
  /** Stops of entries that execution has ordered itself, beside halted symbols. */
  readonly stops: () => number
  readonly health: () => VenueHealth
  /** Assets of which the venue has not what the ledger says. */
  readonly differences: () => number
  /** Whether the venue tells of our orders by itself. */
  readonly isFollowed: () => boolean
}

export function createExecutionMetrics(metrics: Metrics, watched: Watched) {
  const { desks, stops, isFollowed, differences } = watched
  gaugesOfDesks(metrics, desks)
  gauge(metrics, {
    name: 'flotilla_entry_stops',
    help: 'Reasons of our own for which no entries are sent: silence, or missing assets.',
    collect: stops,
  })
  gauge(metrics, {
    name: 'flotilla_balance_differences',
    help: 'Assets of which the venue has not what the ledger says, at the last comparison.',
    collect: differences,
  })
  gauge(metrics, {
    name: 'flotilla_account_stream_connected',
    help: '1 while the venue tells of our orders by itself, 0 while it has to be asked.',
    collect: () => (isFollowed() ? 1 : 0),
  })
  gaugesOfVenue(metrics, watched.health)
  return {
    streamEvents: counter(metrics, {
      name: 'flotilla_account_stream_events_total',
      help: 'What the stream of the account told, by kind.',
      labelNames: ['kind'],
    }),
    orders: counter(metrics, {
      name: 'flotilla_order_events_total',
      help: 'What happened to orders, by leg and event.',
      labelNames: ['leg', 'event'],
    }),
    venueCalls: counter(metrics, {
      name: 'flotilla_venue_calls_total',
      help: 'Calls to the venue, by kind and outcome.',
      labelNames: ['kind', 'outcome'],
    }),
    convertFailures: convertFailuresIn(metrics),
    deskFaults: counter(metrics, {
      name: 'flotilla_desk_faults_total',
      help: 'Broken invariants of execution itself; the symbol takes no entries until resumed.',
    }),
    protectionFailures: counter(metrics, {
      name: 'flotilla_protection_failures_total',
      help: 'Protection that could not be placed, by what was done.',
      labelNames: ['action'],
    }),
  }
}

function gaugesOfDesks(metrics: Metrics, desks: Watched['desks']): void {
  const ofDesks = (name: string, help: string, count: (desk: Desk) => number): void => {
    const collect = () => desks().reduce((total, desk) => total + count(desk), 0)
    gauge(metrics, { name, help, collect })
  }
  ofDesks('flotilla_positions_open', 'Symbols held.', ({ position }) =>
    position?.quantity.isPositive() === true ? 1 : 0,
  )
  ofDesks('flotilla_positions_unprotected', 'Symbols held without a stop.', (desk) =>
    isBare(desk) ? 1 : 0,
  )
  ofDesks('flotilla_orders_in_doubt', 'Orders whose outcome is being asked for.', ({ tickets }) => {
    return [...tickets.values()].filter(({ order }) => isDoubtful(order.state)).length
  })
  ofDesks('flotilla_symbols_halted', 'Symbols that wait for an operator.', ({ halted }) =>
    halted === null ? 0 : 1,
  )
  ofDesks('flotilla_symbols_closed', 'Symbols that the venue does not trade.', ({ closed }) =>
    closed === null ? 0 : 1,
  )
  ofDesks(
    'flotilla_positions_closed_in',
    'Symbols held that the venue does not trade: nothing can be sold there.',
    (desk) => (desk.closed !== null && desk.position?.quantity.isPositive() === true ? 1 : 0),
  )
}

function convertFailuresIn(metrics: Metrics) {
  return counter(metrics, {
    name: 'flotilla_convert_failures_total',
    help: 'Conversions that came to nothing, by reason; orders took their place.',
    labelNames: ['reason'],
  })
}

function gaugesOfVenue(metrics: Metrics, health: () => VenueHealth): void {
  const gauges: readonly (readonly [string, string, (of: VenueHealth) => number])[] = [
    ['weight_used', 'Request weight used within the limit of the venue.', (of) => of.usedWeight],
    ['paused_ms', 'For how long the venue asked to be left alone.', (of) => of.pausedForMs],
    [
      'keys_refused',
      '1 while the venue refuses our key.',
      (of) => (of.keysRefused === null ? 0 : 1),
    ],
    ['clock_ahead_ms', "By how much the venue's clock is ahead.", (of) => of.clock?.aheadMs ?? 0],
  ]
  for (const [name, help, read] of gauges) {
    gauge(metrics, { name: `flotilla_venue_${name}`, help, collect: () => read(health()) })
  }
}

function isBare({ position }: Desk): boolean {
  if (position === null || !position.quantity.isPositive()) return false
  return position.protection?.state === 'unprotected' || position.protection?.state === 'closing'
}
