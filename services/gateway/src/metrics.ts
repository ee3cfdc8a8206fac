import { counter } from '@flotilla/runtime'
import type { Metrics } from '@flotilla/runtime'

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>

export function createGatewayMetrics(metrics: Metrics) {
  return {
    signals: counter(metrics, {
      name: 'flotilla_gateway_signals_total',
      help: 'Signals from outside by where they came in and what became of them.',
      labelNames: ['route', 'outcome'],
    }),
    commands: counter(metrics, {
      name: 'flotilla_gateway_commands_total',
      help: 'Commands by HTTP by what became of them: accepted, known already, refused.',
      labelNames: ['outcome'],
    }),
    unauthorized: counter(metrics, {
      name: 'flotilla_gateway_unauthorized_total',
      help: 'Requests without the right token.',
    }),
  }
}
