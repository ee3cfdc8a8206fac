// Which price a decision is made with, and what the account is worth.
import { deriveId, instant } from '@flotilla/contracts'
import type { MarketStore } from '@flotilla/market-store'
import { createFakeVenue, symbolRules } from '@flotilla/venue/testing'
import { describe, expect, it } from 'vitest'
import { decimal, intentMessage, testNow } from './testing.ts'
import { codesOf, emptyMarketStore, later, ticker, until } from './testing/rig.ts'
import { startedRigs } from './testing/started-rigs.ts'

const start = startedRigs()

describe('the shell', () => {
  it('falls back to the price of the market store, and counts it', async () => {
    const at = testNow - 1_000
    const stored = { price: decimal('40000'), at, source: 'ticker' } as const
    const rig = await start({ marketStore: emptyMarketStore(new Map([['BTC/USDT', stored]])) })
    await rig.publish(intentMessage())
    await until(() => rig.heard.length === 1)
    const [approved] = rig.heardOf('risk.intent.approved.v1')
    expect(approved?.payload.referencePrice).toBe('40000')
    expect(await rig.context.metrics.metrics()).toMatch(
      /flotilla_price_fallbacks_total\{source="market-store".*\} 1/,
    )
    expect(rig.context.logs.messages('warn')).toContain('no fresh market price, fell back')
  })

  it('falls back to the fresh price of the intent, and counts that; an old one is no price', async () => {
    const rig = await start()
    await rig.publish(intentMessage())
    await until(() => rig.heard.length === 1)
    expect(rig.heardOf('risk.intent.approved.v1')[0]?.payload.referencePrice).toBe('50000')
    expect(await rig.context.metrics.metrics()).toMatch(
      /flotilla_price_fallbacks_total\{source="intent".*\} 1/,
    )
    const expectedPriceAt = instant(testNow - 300_001)
    const symbol = 'ETH/USDT'
    await rig.publish(intentMessage({ symbol, intentId: deriveId('old'), expectedPriceAt }))
    await until(() => rig.heard.length === 2)
    expect(codesOf(rig)).toEqual([expect.arrayContaining(['no_price'])])
  })

  it('values the account from time to time', async () => {
    const points: string[] = []
    const marketStore: MarketStore = {
      ...emptyMarketStore(),
      writeEquity: async (written) => {
        points.push(...written.map(({ equity }) => equity.toString()))
      },
    }
    const rig = await start({ marketStore })
    await rig.context.clock.advance(300_000)
    expect(points).toEqual(['84.54', '84.54'])
    const said = rig.context.logs.messages('info').filter((each) => each.startsWith('equity'))
    expect(said).toEqual(['equity found, taken as the beginning', 'equity valued'])
  })

  it('of a second life in the same millisecond is kept and told, and no refusal', async () => {
    const { agent, ledger } = await start()
    await agent.stop()
    const rig = await start({ ledger })
    const valued = await ledger.recall('risk-manager', 'standing/main/valued')
    expect(valued).toMatchObject({ number: 2, at: testNow })
    expect(rig.agent.readiness().detail['valued']).toMatchObject({ equity: '84.54' })
    expect(rig.context.logs.messages('warn')).toEqual([])
  })

  it('asks the venue for the prices of what is held and not traded, one by one if need be', async () => {
    const coins = Array.from({ length: 36 }, (_, index) => `COIN${index}`)
    const symbolsOfCoins = coins.map((coin) => `${coin}/USDT`)
    const venue = createFakeVenue({
      rules: symbolsOfCoins.map((symbol) => symbolRules({ symbol })),
      balances: Object.fromEntries(coins.map((coin) => [coin, '1.075'])),
      // One of them has no price: asking for all at once fails.
      prices: Object.fromEntries(symbolsOfCoins.slice(1).map((symbol) => [symbol, '1.5'])),
      now: () => testNow,
    })
    const rig = await start({ venue })
    const valued = await rig.ledger.recall('risk-manager', 'standing/main/valued')
    expect(valued).toMatchObject({ equity: '56.4375' })
    expect(rig.agent.readiness().ready).toBe(true)
  })

  it('says what is at fault in a valuation once, and that the regime changed', async () => {
    const now = testNow
    const venue = createFakeVenue({
      rules: ['BTC/USDT', 'ETH/USDT'].map((symbol) => symbolRules({ symbol })),
      balances: { USDT: '600', ETH: '0.16' },
      prices: { 'ETH/USDT': '2500' },
      now: () => now,
    })
    const rig = await start({ venue })
    venue.failReads('unavailable', 1_000)
    await rig.context.clock.advance(300_001)
    await rig.context.clock.advance(300_000)
    const fault = 'valuation fault: assets are valued at old prices'
    expect(rig.context.logs.messages('warn').filter((each) => each === fault)).toHaveLength(1)
    await rig.publish(ticker('ETH/USDT', '1', testNow + 600_001))
    const metrics = () => rig.context.metrics.metrics()
    await until(async () => /^flotilla_equity\S* 600\.16$/m.test(await metrics()))
    await rig.publish(
      intentMessage({ expectedPriceAt: instant(testNow + 600_001), expiresAt: later }),
    )
    await until(() => rig.heard.length === 1)
    expect(codesOf(rig)).toEqual([['drawdown_halt', 'daily_loss_reached']])
    expect(rig.context.logs.messages('warn')).toContain('drawdown regime changed')
  })
})
