import { SharedConfigSchema } from '@flotilla/fleet'
import { describe, expect, it } from 'vitest'
import { limitsOf, RiskManagerConfig } from './config.ts'

const problemsOf = (section: Record<string, unknown>) =>
  RiskManagerConfig.safeParse(section).error?.issues.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  ) ?? []

describe('the section risk', () => {
  it('takes four fifths of the balance, under a cap of a quarter of the account', () => {
    const limits = limitsOf(RiskManagerConfig.parse({}), SharedConfigSchema.parse({}))
    expect(limits.balanceShare.toString()).toBe('0.8')
    expect(limits.shareOf).toBe('balance')
    expect(limits.exposureShareMax.toString()).toBe('0.25')
    expect([...limits.symbols]).toEqual(['BTC/USDT', 'ETH/USDT', 'SOL/USDT'])
  })

  it.each([
    { title: 'a share of all', section: { balanceShare: 1, exposureShareMax: 1 } },
    { title: 'a share as a number', section: { balanceShare: 0.25 } },
    { title: 'priorities without a window', section: { priorities: { one: 1 } } },
    {
      title: 'caps smaller than an entry, which is fitted to them',
      section: { caps: { symbolShareMax: 0.05, assetShareMax: 0.05, correlatedShareMax: 0.05 } },
    },
    { title: 'budgets of all', section: { budgets: { one: 0.6, two: 0.4 } } },
    { title: 'a share at the cap', section: { balanceShare: '0.25', exposureShareMax: '0.25' } },
  ])('takes $title', ({ section }) => {
    expect(problemsOf(section)).toEqual([])
  })

  it.each([
    {
      section: { caps: { symbolShareMax: 0.3, assetShareMax: 0.2 } },
      problem:
        /^caps.symbolShareMax: symbolShareMax 0.3 can never be reached: assetShareMax is 0.2/,
    },
    {
      section: { protections: { stopGuard: { stops: 3, pauseMs: 0 } } },
      problem: /^protections.stopGuard.pauseMs: a pause of 0/,
    },
    {
      section: { protections: { lowProfit: { trades: 3, lockMs: 0 } } },
      problem: /^protections.lowProfit.lockMs: a lock of 0/,
    },
    {
      section: { equityIntervalMs: 86_400_000 },
      problem: /^trim.everyCycles: a look every 3 valuations .* more than a day apart/,
    },
    { section: { priorities: { one: 101 } }, problem: /^priorities.one: / },
    { section: { dailyLossMax: 0 }, problem: /^dailyLossMax: is not a share above 0 and up to 1/ },
    { section: { dailyLossMax: 1.1 }, problem: /^dailyLossMax: is not a share/ },
    { section: { takeProfitShare: 0 }, problem: /^takeProfitShare: is not a distance/ },
    { section: { notionalMinDefault: -5 }, problem: /^notionalMinDefault: is not an amount/ },
    { section: { priceAgeMaxMs: 999 }, problem: /^priceAgeMaxMs: / },
    { section: { priceAgeMaxMs: 86_400_001 }, problem: /^priceAgeMaxMs: / },
    { section: { batchWindowMs: 1_001 }, problem: /^batchWindowMs: / },
    { section: { leaseMs: 600_001 }, problem: /^leaseMs: / },
    { section: { trim: { trimsMax: 0 } }, problem: /^trim.trimsMax: / },
    { section: { trim: { budgetMs: 3_600_001 } }, problem: /^trim.budgetMs: / },
    { section: { caps: { assetShareMax: 1.5 } }, problem: /^caps.assetShareMax: is not a share/ },
    { section: { caps: { correlationMin: 1.01 } }, problem: /^caps.correlationMin: / },
    { section: { caps: { correlationCandles: 251 } }, problem: /^caps.correlationCandles: / },
    { section: { sizing: { riskShare: 0 } }, problem: /^sizing.riskShare: is not a share/ },
    { section: { sizing: { volatilityPeriod: 1 } }, problem: /^sizing.volatilityPeriod: / },
    {
      section: { sizing: { wholeUnitAssets: ['btc'] } },
      problem: /^sizing.wholeUnitAssets.0: /,
    },
    { section: { protections: { cooldownMs: -1 } }, problem: /^protections.cooldownMs: / },
    { section: { moneyScales: { USDT: 19 } }, problem: /^moneyScales.USDT: / },
    { section: { balanceShare: 0 }, problem: /^balanceShare: is not a share/ },
    { section: { exposureShareMax: '1.01' }, problem: /^exposureShareMax: is not a share/ },
    { section: { slippageMax: '1' }, problem: /^slippageMax: is not a distance/ },
    { section: { stopLossShare: 'wide' }, problem: /^stopLossShare: is not a distance/ },
    { section: { dayStart: { at: '24:00' } }, problem: /^dayStart.at: is not a time of the day/ },
    {
      section: { dayStart: { zone: 'Mars/Olympus' } },
      problem: /^dayStart.zone: is not a time zone/,
    },
    { section: { drawdown: { defenseAt: 0.2 } }, problem: /^drawdown: must be defenseUntil </ },
    { section: { drawdown: { haltUntil: 0.04 } }, problem: /^drawdown: must be / },
    { section: { budgets: { one: 0.6, two: 0.41 } }, problem: /^budgets: come to more than/ },
    { section: { budgets: { '*': 0.1 } }, problem: /^budgets/ },
    { section: { openPositionsMax: 0 }, problem: /^openPositionsMax: / },
    { section: { confidenceMin: 101 }, problem: /^confidenceMin: / },
  ])('complains about $section', ({ section, problem }) => {
    expect(problemsOf(section)).toEqual([expect.stringMatching(problem)])
  })
})
