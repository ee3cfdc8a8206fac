// Statistics only: nothing is decided with these numbers.
import { counter, gauge, type Metrics } from '@flotilla/runtime'
import { isDoubtful, type Desk } from './core/index.ts'

export type ExecutionMetrics = ReturnType<typeof createExecutionMetrics>

export function createExecutionMetrics(metrics: Metrics, desks: () => readonly Desk[]) {
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
  return {
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
    protectionFailures: counter(metrics, {
      name: 'flotilla_protection_failures_total',
      help: 'Protection that could not be placed, by what was done.',
      labelNames: ['action'],
    }),
  }
}

function isBare({ position }: Desk): boolean {
  if (position === null || !position.quantity.isPositive()) return false
  return position.protection?.state === 'unprotected' || position.protection?.state === 'closing'
}
