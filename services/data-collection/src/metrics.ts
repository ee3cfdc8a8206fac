import { counter, gauge } from '@flotilla/runtime'
import type { Metrics } from '@flotilla/runtime'

export type FeedMetrics = ReturnType<typeof createFeedMetrics>

export function createFeedMetrics(metrics: Metrics) {
  const perSymbol = (name: string, help: string) =>
    counter(metrics, { name: `flotilla_${name}_total`, help, labelNames: ['symbol'] })
  return {
    published: perSymbol('candles_published', 'Closed candles published.'),
    gaps: perSymbol('candle_gaps', 'Gaps before which newer candles had to wait.'),
    corrections: perSymbol('candle_corrections', 'Closed candles that the venue changed later.'),
    duplicates: perSymbol('candle_duplicates', 'Candles seen again without a change.'),
    invalid: perSymbol('candles_invalid', 'Candles off the grid or with impossible prices.'),
    tickers: perSymbol('tickers_published', 'Tickers published.'),
    candleAge: gauge(metrics, {
      name: 'flotilla_symbol_candle_age_seconds',
      help: 'Age of the newest closed candle, at the last look.',
      labelNames: ['symbol'],
    }),
    tickerAge: gauge(metrics, {
      name: 'flotilla_symbol_ticker_age_seconds',
      help: 'Age of the newest ticker, at the last look.',
      labelNames: ['symbol'],
    }),
    faults: counter(metrics, {
      name: 'flotilla_venue_read_faults_total',
      help: 'Reads that the venue failed, by kind of fault.',
      labelNames: ['code'],
    }),
  }
}
