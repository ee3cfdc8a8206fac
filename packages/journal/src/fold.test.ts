import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import { closeTrade } from './figures.ts'
import { foldTrades } from './fold.ts'
import { assets, told } from './testing.ts'
import { exitReasons, followTrade, openTradeOf, storedTrade } from './trade.ts'

const d = (text: string) => Decimal.from(text)
const fold = (...fills: ReturnType<typeof told>[]) => foldTrades(fills, { assets })
const texts = (record: object) =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name,
      value instanceof Decimal ? value.toString() : (value as unknown),
    ]),
  )

describe('a trade', () => {
  it('from one purchase and one sale has their prices, profit, R-multiple and slippage', () => {
    const { closed, open } = fold(
      told(1, 'buy 2 101 0.2 USDT', { stop: d('91'), expected: d('100') }),
      told(2, 'sell 2 120 0.3 USDT', { expected: d('121'), exitReason: 'take-profit' }),
    )
    expect(open).toBeNull()
    expect(closed.map(texts)).toEqual([
      {
        account: 'main',
        venue: 'simulator',
        symbol: 'BTC/USDT',
        openingTradeId: '1',
        side: 'buy',
        strategy: 'test',
        intentIds: ['intent-1'],
        correlationId: 'correlation-1',
        openedAt: 1,
        closedAt: 2,
        quantity: '2',
        averageEntryPrice: '101',
        averageExitPrice: '120',
        stop: '91',
        fees: '0.5',
        otherFees: {},
        grossProfit: '38',
        netProfit: '37.5',
        rMultiple: 1.875,
        entrySlippage: '2',
        entrySlippagePercent: 1,
        exitSlippage: '2',
        exitSlippagePercent: 100 / 121,
        entrySlippageDecided: null,
        entrySlippageDecidedPercent: null,
        exitSlippageDecided: null,
        exitSlippageDecidedPercent: null,
        exitReason: 'take-profit',
        exits: { 'take-profit': '2' },
        remaining: '0',
      },
    ])
  })

  it('takes several entries and parts of the way out together, and keeps its first stop', () => {
    const { closed } = fold(
      told(1, 'buy 1 100', { stop: d('90') }),
      told(2, 'buy 3 104', { stop: d('96'), intentId: 'intent-2' }),
      told(3, 'sell 1 110', { exitReason: 'ladder' }),
      told(4, 'sell 3 102', { exitReason: 'trailing-stop' }),
    )
    expect(closed.map(texts)).toMatchObject([
      {
        averageEntryPrice: '103',
        averageExitPrice: '104',
        netProfit: '4',
        rMultiple: 4 / 52,
        intentIds: ['intent-1', 'intent-2'],
        exitReason: 'trailing-stop',
        exits: { ladder: '1', 'trailing-stop': '3' },
      },
    ])
  })

  it('values fees in base at the price of their fill, and only names those in other assets', () => {
    const { closed } = fold(
      told(1, 'buy 1 100 0.01 BTC'),
      told(2, 'sell 0.5 110 0.002 BNB'),
      told(3, 'sell 0.49 110 0.001 BNB'),
    )
    expect(closed.map(texts)).toMatchObject([
      { fees: '1', otherFees: { BNB: '0.003' }, netProfit: '8.9', grossProfit: '9.9' },
    ])
  })

  it('has no R-multiple without a stop below its entry', () => {
    const rOf = (stop: Parameters<typeof told>[2]) =>
      fold(told(1, 'buy 1 100', stop), told(2, 'sell 1 90')).closed[0]?.rMultiple
    expect([rOf({}), rOf({ stop: d('100') }), rOf({ stop: d('95') })]).toEqual([null, null, -2])
  })

  it('has no slippage where nobody expected a price, and a negative one where it was better', () => {
    const [plain] = fold(told(1, 'buy 1 100'), told(2, 'sell 1 90')).closed
    expect(plain).toMatchObject({ entrySlippage: null, exitSlippagePercent: null })
    const better = fold(
      told(1, 'buy 1 99', { expected: d('100') }),
      told(2, 'sell 1 111', { expected: d('110') }),
    ).closed
    expect(better.map(texts)).toMatchObject([
      { entrySlippage: '-1', entrySlippagePercent: -1, exitSlippage: '-1' },
    ])
  })

  it('tells what of its slippage came after the decision, where there was one', () => {
    const { closed } = fold(
      told(1, 'buy 1 102', { expected: d('100'), decided: d('101') }),
      told(2, 'buy 1 103', { expected: d('100'), decided: d('104') }),
      told(3, 'sell 1 109', { expected: d('110'), decided: d('110') }),
      told(4, 'sell 1 90', { expected: d('91'), exitReason: 'stop-loss' }),
    )
    expect(closed.map(texts)).toMatchObject([
      {
        entrySlippage: '5',
        entrySlippagePercent: 2.5,
        entrySlippageDecided: '0',
        entrySlippageDecidedPercent: 0,
        exitSlippage: '2',
        exitSlippageDecided: '1',
        exitSlippageDecidedPercent: 100 / 110,
      },
    ])
  })

  it('that an earlier version stored is read, without what it did not know', () => {
    const { open } = fold(told(1, 'buy 1 100', { expected: d('99') }))
    const stored = storedTrade(open) as { bought: Record<string, unknown> }
    const { decidedOn: _on, decided: _decided, ...earlier } = stored.bought
    const read = openTradeOf({ ...stored, bought: earlier } as never)
    expect(read).toEqual(open)
  })

  it.each(exitReasons)('that ends by %s says so', (exitReason) => {
    const { closed } = fold(told(1, 'buy 1 100'), told(2, 'sell 1 90', { exitReason }))
    expect(closed).toMatchObject([{ exitReason, exits: { [exitReason]: '1' } }])
  })

  it('leaves dust with its cost to the next one', () => {
    const isDust = (quantity: Decimal) => quantity.lessThan('0.01')
    const { closed, open, held } = foldTrades(
      [
        told(1, 'buy 1 100'),
        told(2, 'sell 0.995 110'),
        told(3, 'buy 0.995 200'),
        told(4, 'sell 1 300'),
        told(5, 'buy 1 50'),
      ],
      { assets, isDust },
    )
    expect(closed.map(texts)).toMatchObject([
      { remaining: '0.005', netProfit: '9.95' },
      { remaining: '0', netProfit: '100.5', averageEntryPrice: '200', openingTradeId: '3' },
    ])
    expect(open?.openingTradeId).toBe('5')
    expect(texts(held)).toEqual({ quantity: '1', cost: '50' })
  })

  it('of dust alone has no entry', () => {
    const held = { quantity: d('0.005'), cost: d('0.5') }
    const { closed } = foldTrades([told(1, 'sell 0.005 110')], { assets, held })
    expect(closed.map(texts)).toMatchObject([{ averageEntryPrice: null, netProfit: '0.05' }])
  })

  it('is the same whatever the order in which its fills are given, and however often', () => {
    const fills = [told(1, 'buy 1 100'), told(2, 'sell 0.4 90'), told(3, 'sell 0.6 80')]
    expect(fold(...fills.toReversed(), ...fills)).toEqual(fold(...fills))
  })

  it('waits for the purchase when the sale is dated before it', () => {
    const early = fold(told(1, 'sell 1 110'))
    expect([early.closed, early.open?.sold.quantity.toString()]).toEqual([[], '1'])
    const { closed, held } = fold(told(1, 'sell 1 110'), told(2, 'buy 1 100'))
    expect(closed.map(texts)).toMatchObject([{ netProfit: '10', openedAt: 1, closedAt: 2 }])
    expect(texts(held)).toEqual({ quantity: '0', cost: '0' })
  })

  it('comes back from what is stored of it, and is not closed before it has sold', () => {
    const { open } = fold(told(1, 'buy 1 100 0.1 BNB', { stop: d('90'), expected: d('99') }))
    expect(openTradeOf(JSON.parse(JSON.stringify(storedTrade(open))))).toEqual(open)
    expect(openTradeOf(storedTrade(null))).toBeNull()
    const of = { account: 'main', venue: 'simulator', symbol: 'BTC/USDT' }
    expect(() => closeTrade(open!, of, Decimal.zero)).toThrow('has sold nothing yet')
    const on = followTrade(open, told(2, 'sell 1 90'), { assets, profit: d('-10') })
    expect(closeTrade(on, of, Decimal.zero).netProfit.toString()).toBe('-10')
  })
})
