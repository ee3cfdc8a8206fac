import { createMemoryLedger, createUnitProcessor } from '@flotilla/ledger'
import { createTestContext } from '@flotilla/runtime/testing'
import { expect, test } from 'vitest'
import type { Work } from './core/index.ts'
import { AccountDesk, type Task } from './desk.ts'
import { createRiskMetrics } from './metrics.ts'
import { RiskManagerConfig } from './config.ts'
import { book, decimal, limits, rules, testNow } from './testing.ts'
import { Trimmer } from './trimmer.ts'

const symbols = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE'].map((asset) => `${asset}/USDT`)

/** Five positions of 1000 each, of which only a hundredth may stay: five trims are needed. */
async function fivePositions(options: { realMsPerTrim?: number } = {}) {
  const context = createTestContext('risk-manager')
  const made = book({
    prices: Object.fromEntries(symbols.map((symbol) => [symbol, '100'])),
    rules: symbols.map((symbol) => rules(symbol)),
    funds: {
      USDT: '5000',
      ...Object.fromEntries(symbols.map((symbol) => [symbol.split('/')[0]!, '10'])),
    },
    positions: Object.fromEntries(symbols.map((symbol) => [symbol, '10'])),
  })
  const ledger = createMemoryLedger()
  await ledger.commit([
    {
      consumer: 'risk-manager',
      causeId: null,
      changes: [
        { kind: 'account-opened', account: made.account },
        ...[...made.funds].map(([asset, { total }]) => ({
          kind: 'balance-adjusted' as const,
          account: 'main',
          asset,
          totalDelta: total,
        })),
      ],
      outgoing: [],
    },
  ])
  const said: string[] = []
  const processor = createUnitProcessor({
    ledger,
    consumer: 'risk-manager',
    publish: async (messages) => {
      for (const { type, payload } of messages) {
        if (type === 'risk.intent.approved.v1') said.push(`${payload.symbol} ${payload.quantity}`)
      }
    },
  })
  let real = 0
  const desk = new AccountDesk(made, {
    submit: (unit) => {
      real += options.realMsPerTrim ?? 1
      return processor.submit(unit)
    },
    load: async () => made,
    wasProcessed: async () => false,
  })
  const trimmer = new Trimmer({
    desk,
    limits: limits({ exposureShareMax: decimal('0.01') }),
    config: RiskManagerConfig.parse({}).trim,
    metrics: createRiskMetrics(context.metrics, () => made),
    logger: context.logger,
    now: () => testNow,
    realNow: () => real,
  })
  return { desk, trimmer, context, said, stop: () => processor.stop(1_000) }
}

test('three trims a look, the largest first, and an alert that it is looping', async () => {
  const { trimmer, context, said, stop } = await fivePositions()
  await trimmer.look()
  expect(said).toEqual(['AAA/USDT 10', 'BBB/USDT 10', 'CCC/USDT 10'])
  expect(context.logs.messages('error')).toEqual(['exposure trim is looping'])
  expect(await context.metrics.metrics()).toMatch(/trim_alerts_total\{cause="loop".*\} 1/)
  await trimmer.look()
  // The last keeps what may stay: a hundredth of 10000.
  expect(said.slice(3)).toEqual(['DDD/USDT 10', 'EEE/USDT 9'])
  expect(context.logs.messages('error')).toHaveLength(1)
  await stop()
})

test.each([
  { title: 'a look that reaches its 75 s ends', realMsPerTrim: 37_500, trims: 2, alerts: 1 },
  { title: 'one that takes a little less goes on', realMsPerTrim: 37_499, trims: 3, alerts: 1 },
])('$title', async ({ realMsPerTrim, trims, alerts }) => {
  const { trimmer, context, said, stop } = await fivePositions({ realMsPerTrim })
  await trimmer.look()
  expect(said).toHaveLength(trims)
  expect(context.logs.messages('error')).toHaveLength(alerts)
  const cause = trims === 2 ? 'exposure trim ran out of time' : 'exposure trim is looping'
  expect(context.logs.messages('error')).toEqual([cause])
  await stop()
})

test('decisions go in between the trims of a look, and looks are never doubled', async () => {
  const { desk, trimmer, said, stop } = await fivePositions()
  const order: string[] = []
  const nothing: Task<Work>['decide'] = () => {
    order.push(`decision after ${said.length}`)
    return { changes: [], records: [], outgoing: [] }
  }
  const look = trimmer.look()
  expect(trimmer.look()).toBe(look)
  const decision = desk.work({ message: null, mayBeOld: false, decide: nothing })
  await decision
  await look
  expect(order).toHaveLength(1)
  expect(order[0]).not.toBe('decision after 3')
  expect(said).toHaveLength(3)
  await stop()
})
