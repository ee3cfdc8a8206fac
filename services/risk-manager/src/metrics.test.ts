import { instant } from '@flotilla/contracts'
import { createMetrics } from '@flotilla/runtime'
import { describe, expect, it } from 'vitest'
import type { Book } from './core/index.ts'
import { createRiskMetrics } from './metrics.ts'
import { book, decimal, testNow } from './testing.ts'

const since = instant(testNow)
const stopped = (made: Book, scope: string, state: 'paused' | 'flattened' | 'halted') =>
  made.tradingStates.set(scope, { state, since, reason: 'a test', requestedBy: 'test' })

async function shown(made: Book | null): Promise<string> {
  const metrics = createMetrics({ agent: 'risk-manager', instance: '1' })
  createRiskMetrics(metrics, () => made)
  return metrics.metrics()
}

const figure = (text: string, name: string) =>
  Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)?.[1])

describe('the figures that alerts look at', () => {
  it('count what is stopped, by how', async () => {
    const made = book()
    stopped(made, '*', 'flattened')
    stopped(made, 'BTC/USDT', 'halted')
    stopped(made, 'ETH/USDT', 'halted')
    const text = await shown(made)
    const counts = ['paused', 'flattened', 'halted'].map((state) =>
      figure(text, `flotilla_scopes_${state}`),
    )
    expect(counts).toEqual([0, 1, 2])
  })

  it.each([
    ['normal', 0],
    ['defense', 1],
    ['halt', 2],
  ] as const)('tell the regime %s as %s', async (regime, number) => {
    const made = book()
    const drawdown = { regime, since, peak: decimal('100') }
    made.standing = { ...made.standing, drawdown }
    expect(figure(await shown(made), 'flotilla_drawdown_regime')).toBe(number)
  })

  it('are nought of an account that is led elsewhere', async () => {
    const text = await shown(null)
    expect(figure(text, 'flotilla_scopes_halted')).toBe(0)
    expect(figure(text, 'flotilla_drawdown_regime')).toBe(0)
  })

  it('begin at nought, so that the first of each kind is an increase', async () => {
    const text = await shown(null)
    for (const series of [
      'flotilla_trim_alerts_total{cause="loop"',
      'flotilla_trim_alerts_total{cause="budget"',
      'flotilla_reservations_withdrawn_total{cause="never-ordered"',
      'flotilla_price_fallbacks_total{source="intent"',
    ]) {
      expect(text).toContain(series)
    }
  })
})
