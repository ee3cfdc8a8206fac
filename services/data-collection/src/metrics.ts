import { counter, gauge } from '@flotilla/runtime'
import type { Metrics } from '@flotilla/runtime'

export type FeedMetrics = ReturnType<typeof createFeedMetrics>

export function createFeedMetrics(metrics: Metrics) {
  const perSymbol = (name: string, help: string) =>
    counter(metrics, { name: `flotilla_${name}_total`, help, labelNames: ['venue', 'symbol'] })
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
      labelNames: ['venue', 'symbol'],
    }),
    tickerAge: gauge(metrics, {
      name: 'flotilla_symbol_ticker_age_seconds',
      help: 'Age of the newest ticker, at the last look.',
      labelNames: ['venue', 'symbol'],
    }),
    skew: gauge(metrics, {
      name: 'flotilla_venue_clock_skew_seconds',
      help: "How far the venue's clock is ahead of ours; negative when behind.",
      labelNames: ['venue'],
    }),
    streaming: gauge(metrics, {
      name: 'flotilla_market_stream_trusted',
      help: "1 while the venue's streams stand in for polling.",
      labelNames: ['venue'],
    }),
    streamDrops: counter(metrics, {
      name: 'flotilla_market_stream_drops_total',
      help: 'Market streams that broke, fell silent or did not open.',
      labelNames: ['venue'],
    }),
    faults: counter(metrics, {
      name: 'flotilla_venue_read_faults_total',
      help: 'Reads that the venue failed, by kind of fault.',
      labelNames: ['venue', 'code'],
    }),
  }
}
