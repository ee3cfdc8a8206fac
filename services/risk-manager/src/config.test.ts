import { SharedConfigSchema } from '@flotilla/fleet'
import { describe, expect, it } from 'vitest'
import { limitsOf, RiskManagerConfig } from './config.ts'

const problemsOf = (section: Record<string, unknown>) =>
  RiskManagerConfig.safeParse(section).error?.issues.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  ) ?? []

describe('the section risk', () => {
  it('has defaults that let a trader trade: five entries fit under the exposure cap', () => {
    const limits = limitsOf(RiskManagerConfig.parse({}), SharedConfigSchema.parse({}))
    expect(limits.balanceShare.times(limits.openPositionsMax).toString()).toBe('0.25')
    expect(limits.exposureShareMax.toString()).toBe('0.25')
    expect([...limits.symbols]).toEqual(['BTC/USDT', 'ETH/USDT', 'SOL/USDT'])
  })

  it.each([
    { title: 'a share of all', section: { balanceShare: 1, exposureShareMax: 1 } },
    { title: 'a share as a number', section: { balanceShare: 0.25 } },
    { title: 'budgets of all', section: { budgets: { one: 0.6, two: 0.4 } } },
    { title: 'a share at the cap', section: { balanceShare: '0.25', exposureShareMax: '0.25' } },
  ])('takes $title', ({ section }) => {
    expect(problemsOf(section)).toEqual([])
  })

  it.each([
    { section: { balanceShare: '0.8' }, problem: /^balanceShare: .*every entry would be denied$/ },
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
