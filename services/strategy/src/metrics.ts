import { counter } from '@flotilla/runtime'
import type { Metrics } from '@flotilla/runtime'

export type StrategyMetrics = ReturnType<typeof createStrategyMetrics>

export function createStrategyMetrics(metrics: Metrics) {
  return {
    intents: counter(metrics, {
      name: 'flotilla_intents_proposed_total',
      help: 'Intents proposed.',
      labelNames: ['strategy', 'side'],
    }),
    withheld: counter(metrics, {
      name: 'flotilla_wishes_withheld_total',
      help: 'Wishes of strategies that did not become intents, by reason; each filter counts.',
      labelNames: ['strategy', 'reason'],
    }),
    faults: counter(metrics, {
      name: 'flotilla_strategy_faults_total',
      help: 'Analyses that a strategy failed at.',
      labelNames: ['strategy'],
    }),
  }
}
