import { counter, gauge } from '@flotilla/runtime'
import type { Metrics } from '@flotilla/runtime'
import type { DynamicFilters } from './core/index.ts'

export type StrategyMetrics = ReturnType<typeof createStrategyMetrics>

export function createStrategyMetrics(metrics: Metrics) {
  const filterLimit = gauge(metrics, {
    name: 'flotilla_filter_limit',
    help: 'The limits that the dynamic filter engine has set; absent where there is no limit.',
    labelNames: ['filter'],
  })
  return {
    showFilters(filters: DynamicFilters): void {
      for (const [filter, limit] of Object.entries(filters)) {
        if (limit === null) filterLimit.remove({ filter })
        else filterLimit.set({ filter }, limit)
      }
    },
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
