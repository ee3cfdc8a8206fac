// The alert rules of infra/prometheus: Prometheus' own tool takes them, each of their metrics is one that
// an agent registers, and each fires on the right side of its edge.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createMemoryBroker } from '@flotilla/bus'
import { hostAgent, SharedConfigSchema } from '@flotilla/fleet'
import { createMemoryLedger } from '@flotilla/ledger'
import { createTestContext } from '@flotilla/runtime/testing'
import { createFakeVenue, symbolRules } from '@flotilla/venue/testing'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { agent as dataCollection } from '../../services/data-collection/src/index.ts'
import { agent as execution } from '../../services/execution/src/index.ts'
import { agent as riskManager } from '../../services/risk-manager/src/index.ts'
import { emptyMarketStore } from '../../services/risk-manager/src/testing/rig.ts'
import { promtool } from '../support/promtool.ts'

const rulesFile = join(import.meta.dirname, '../../infra/prometheus/alerts.yaml')

type Rule = { readonly alert: string; readonly expr: string }
const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)

/** Prometheus makes this one itself when it cannot scrape. */
const ofPrometheus = new Set(['up'])

/** All that the agents which are alerted on show before they have done anything. */
async function shown(): Promise<string> {
  const ports = {
    bus: createMemoryBroker().connect(),
    ledger: createMemoryLedger(),
    venue: createFakeVenue({ rules: [symbolRules()] }),
    marketStore: emptyMarketStore(),
  }
  const shared = SharedConfigSchema.parse({})
  const texts = [dataCollection, riskManager, execution].map((spec) => {
    const context = createTestContext(spec.name)
    hostAgent({ spec, shared, context, ports, folder: '.', config: spec.config.parse({}) })
    return context.metrics.metrics()
  })
  return (await Promise.all(texts)).join('\n')
}

const known = await shown()

test.each(rules)('$alert looks at what some agent shows', ({ expr }) => {
  const names = [...expr.matchAll(/\b(flotilla_\w+|up)\b/g)].map(([, name]) => name!)
  expect(names.length).toBeGreaterThan(0)
  for (const name of names.filter((each) => !ofPrometheus.has(each))) {
    const family = name.replace(/_(bucket|count)$/, '')
    expect(known).toMatch(new RegExp(`^# TYPE (${name}|${family} histogram)\\b`, 'm'))
  }
  for (const [, name, label] of expr.matchAll(/\b(flotilla_\w+)\{(\w+="[^"]+")\}/g)) {
    expect(known).toMatch(new RegExp(`^${name}\\{[^}]*${label}`, 'm'))
  }
})

/** Over a quarter of an hour, looked at every minute, judged at its end. */
type Scene = {
  readonly alert: string
  readonly series: Readonly<Record<string, string>>
  readonly fires: boolean
}

const gauge = (alert: string, metric: string, edge: { quiet: number; loud: number }): Scene[] => [
  { alert, series: { [metric]: `${edge.quiet}x20` }, fires: false },
  { alert, series: { [metric]: `${edge.loud}x20` }, fires: true },
]
const some = { quiet: 0, loud: 1 }
const counter = (alert: string, metric: string): Scene[] => [
  { alert, series: { [metric]: '3x20' }, fires: false },
  { alert, series: { [metric]: '0x10 1x10' }, fires: true },
]
/** Its labels are not known before the first of them, which begins at one. */
const first = (alert: string, metric: string): Scene[] => [
  ...counter(alert, metric),
  { alert, series: { [metric]: '_x10 1x10' }, fires: true },
]
const took = (within: string): Record<string, string> => ({
  'flotilla_decision_seconds_count{agent="risk-manager"}': '0+1x20',
  'flotilla_decision_seconds_bucket{agent="risk-manager",le="20"}': within,
})

const scenes: Scene[] = [
  ...first('BalanceShortfall', 'flotilla_balance_shortfalls_total{asset="BTC"}'),
  ...gauge('BalanceDifference', 'flotilla_balance_differences', some),
  ...gauge('ReservationWaiting', 'flotilla_reservations_waiting{cause="x"}', some),
  ...first('ReservationWithdrawn', 'flotilla_reservations_withdrawn_total{cause="x"}'),
  ...gauge('ValuationFault', 'flotilla_valuation_faults', some),
  ...counter('PriceFallback', 'flotilla_price_fallbacks_total{source="intent"}'),
  { alert: 'DecisionSlow', series: took('0+1x20'), fires: false },
  { alert: 'DecisionSlow', series: took('0+1x15 15x4'), fires: true },
  ...counter('TrimLoop', 'flotilla_trim_alerts_total{cause="loop"}'),
  ...counter('TrimOutOfTime', 'flotilla_trim_alerts_total{cause="budget"}'),
  ...gauge('TradingHalted', 'flotilla_scopes_halted', some),
  ...gauge('TradingFlattened', 'flotilla_scopes_flattened', some),
  ...gauge('DrawdownHalt', 'flotilla_drawdown_regime', { quiet: 1, loud: 2 }),
  ...gauge('DrawdownDefense', 'flotilla_drawdown_regime', { quiet: 0, loud: 1 }),
  ...gauge('SymbolHalted', 'flotilla_symbols_halted', some),
  ...gauge('MarketClosed', 'flotilla_symbols_closed', some),
  ...gauge('PositionInClosedMarket', 'flotilla_positions_closed_in', some),
  ...gauge('EntriesStopped', 'flotilla_entry_stops', some),
  ...gauge('PositionUnprotected', 'flotilla_positions_unprotected', some),
  ...first('ProtectionFailed', 'flotilla_protection_failures_total{action="retrying"}'),
  ...gauge('OrdersInDoubt', 'flotilla_orders_in_doubt', some),
  ...counter('DeskFault', 'flotilla_desk_faults_total'),
  ...gauge('AgentDown', 'up{job="flotilla"}', { quiet: 1, loud: 0 }),
  ...gauge('AgentNotReady', 'flotilla_agent_ready', { quiet: 1, loud: 0 }),
  ...gauge('LedgerSilent', 'flotilla_ledger_connected', { quiet: 1, loud: 0 }),
  ...gauge('BusSilent', 'flotilla_bus_connected', { quiet: 1, loud: 0 }),
  ...gauge('VenueSilent', 'flotilla_candle_age_seconds', { quiet: 600, loud: 601 }),
  ...gauge('VenuePaused', 'flotilla_venue_paused_ms', some),
  ...gauge('VenueKeysRefused', 'flotilla_venue_keys_refused', some),
  {
    alert: 'ConversionsFail',
    series: { flotilla_convert_failures_total: '3x20' },
    fires: false,
  },
  {
    alert: 'ConversionsFail',
    series: { flotilla_convert_failures_total: '0x10 1 2 3 4x8' },
    fires: true,
  },
]

test('every alert has its scenes on both sides', () => {
  for (const { alert } of rules) {
    const sides = new Set(scenes.filter((each) => each.alert === alert).map(({ fires }) => fires))
    expect([alert, sides.size]).toEqual([alert, 2])
  }
})

const tool = await promtool()

describe.skipIf(tool === null)('Prometheus itself', () => {
  const run = promisify(execFile)

  test('takes the rules', async () => {
    const { stdout } = await run(tool!, ['check', 'rules', rulesFile])
    expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`)
  })

  test('fires each alert where it should and nowhere else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-alerts-'))
    try {
      const file = join(folder, 'scenes.yaml')
      const tests = scenes.map(({ alert, series, fires }) => ({
        name: `${alert}, ${fires ? 'loud' : 'quiet'}`,
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
            eval_time: '20m',
            exp_samples: fires ? [{ labels: '{}', value: 1 }] : [],
          },
        ],
      }))
      const suite = { rule_files: [rulesFile], evaluation_interval: '1m', tests }
      writeFileSync(file, stringify(suite))
      const { stdout } = await run(tool!, ['test', 'rules', file])
      expect(stdout).toContain('SUCCESS')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
