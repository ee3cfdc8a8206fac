// The filters move by what the trades came to, once a day, and what they know survives.
import { trade, unit } from '@flotilla/ledger/testing'
import { Decimal } from '@flotilla/money'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { epoch, minute, ticker } from './testing.ts'
import { Stage } from './testing/stage.ts'

let stage: Stage
async function setUp(config?: unknown): Promise<Stage> {
  stage = new Stage()
  await stage.listen()
  await stage.start(config)
  return stage
}
async function restart(config?: unknown): Promise<void> {
  stage = await stage.restarted(config)
}
afterEach(() => stage.end())

describe('the filter engine', () => {
  const config = {
    strategies: [{ name: 'rsi-reversion' }],
    confidenceMin: 50,
    symbolCooldownMs: 0,
    filterEngine: { enabled: true },
  }
  /** So many trades in the journal, as execution writes it: one a second, each lost all that it risked. */
  async function lose(count: number): Promise<void> {
    const units = Array.from({ length: count }, (_, index) => {
      const made = trade({
        account: 'main',
        openingTradeId: `t-${String(index)}`,
        closedAt: epoch + index * 1_000 + 500,
        netProfit: Decimal.from('-1000.000000000000000001'),
        rMultiple: -1,
      })
      return unit([{ kind: 'trade-closed', trade: made }])
    })
    await stage.ledger.commit(units)
  }
  const reviews = () => stage.ledger.recallAll('strategy', 'filter-review ')
  const reviewed = (count: number) =>
    vi.waitFor(async () => expect(await reviews()).toHaveLength(count), { timeout: 20_000 })
  const filters = async () => (await stage.start(config)).readiness().detail['filters']

  it('at 00:05 UTC it moves the filters by what the trades came to, and records why', async () => {
    const { intents } = await setUp(config)
    await lose(10)
    await stage.context.clock.advance(5 * minute - 1)
    expect(await reviews()).toEqual([])
    await stage.context.clock.advance(1)
    await reviewed(1)
    const why = 'win rate below 40 %: 0.714 trades a day, win rate 0 %, mean R -1'
    expect(await reviews()).toMatchObject([
      {
        key: 'filter-review 2026-01-05T00:05:00.000Z',
        value: {
          verdict: 'tighten',
          why,
          changes: [{ filter: 'confidenceMin', before: 50, after: 68, why }, {}, {}, {}],
        },
      },
    ])
    const told = stage.context.logs.records.filter(({ msg }) => msg === 'filter changed')
    expect(told.map(({ filter }) => filter)).toEqual([
      'confidenceMin',
      'quoteVolume24hMin',
      'spreadMaxPercent',
      'setupAgeHoursMax',
    ])
    await stage.tell(ticker(5))
    await stage.rsi(5, 25, 31)
    expect(intents).toEqual([])
    expect(await stage.context.metrics.metrics()).toMatch(
      /flotilla_filter_limit\{filter="confidenceMin".*\} 68/,
    )
  })

  it('what it moved and the trades it knows survive; a missed review is made up for', async () => {
    await setUp(config)
    await lose(10)
    await stage.context.clock.advance(5 * minute)
    await reviewed(1)
    await restart(config)
    expect(await filters()).toMatchObject({ confidenceMin: 68, spreadMaxPercent: 2.4 })
    await stage.context.clock.advance(3 * 24 * 60 * minute)
    await reviewed(4)
    const { ledger, context } = stage
    await stage.end()
    stage = new Stage({ ledger })
    await stage.context.clock.advance(context.clock.now() + 2 * 24 * 60 * minute - epoch)
    await stage.start(config)
    await reviewed(5)
    expect((await reviews()).at(-1)).toMatchObject({
      value: { dueAt: '2026-01-10T00:05:00.000Z', verdict: 'tighten' },
    })
  })

  it('with fewer than ten trades it records that it left all alone', async () => {
    await setUp(config)
    await lose(9)
    await stage.context.clock.advance(5 * minute)
    await reviewed(1)
    expect(await reviews()).toMatchObject([{ value: { verdict: 'too-few-trades', changes: [] } }])
    expect(await filters()).toMatchObject({ confidenceMin: 50, quoteVolume24hMin: 0 })
  })

  it('filters that are configured anew count more than what it made of the old ones', async () => {
    await setUp(config)
    await lose(10)
    await stage.context.clock.advance(5 * minute)
    await reviewed(1)
    const other = await stage.start({ ...config, confidenceMin: 60 })
    expect(other.readiness().detail['filters']).toMatchObject({ confidenceMin: 60 })
  })

  it('trades beyond its window, and those of another account, are of no interest', async () => {
    await setUp(config)
    await lose(10)
    const other = trade({ account: 'other', openingTradeId: 'o-1', closedAt: epoch })
    await stage.ledger.commit([unit([{ kind: 'trade-closed', trade: other }])])
    await stage.context.clock.advance(16 * 24 * 60 * minute)
    await reviewed(16)
    const trades = (await reviews()).map(
      ({ value }) => (value as { figures: { trades: number } }).figures.trades,
    )
    expect([trades[0], trades.at(-1)]).toEqual([10, 0])
  })

  it('trades from before it was switched on count as well', async () => {
    await setUp()
    await lose(10)
    await restart(config)
    await stage.context.clock.advance(5 * minute)
    await reviewed(1)
    expect(await reviews()).toMatchObject([{ value: { verdict: 'tighten' } }])
  })

  it('a review that fails is made a minute later', async () => {
    await setUp(config)
    const real = stage.ledger.commit.bind(stage.ledger)
    let failures = 0
    stage.ledger.commit = async (units, fence) => {
      if (units.some(({ changes }) => JSON.stringify(changes).includes('filter-review'))) {
        failures += 1
        if (failures === 1) return [{ kind: 'refused', constraint: 'value_storable', detail: '' }]
      }
      return real(units, fence)
    }
    await stage.context.clock.advance(5 * minute)
    await vi.waitFor(() => expect(failures).toBe(1), { timeout: 20_000 })
    await vi.waitFor(() => expect(stage.context.logs.messages('error')).toHaveLength(1), 30_000)
    await stage.context.clock.advance(minute)
    await reviewed(1)
  })

  it('is off by default: nothing is reviewed or kept', async () => {
    await setUp()
    await lose(10)
    await stage.context.clock.advance(24 * 60 * minute)
    expect(stage.context.clock.waiting()).toBe(0)
    expect(await reviews()).toEqual([])
  })
})
