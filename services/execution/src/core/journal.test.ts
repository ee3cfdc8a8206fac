// What the journal says of a position, by each way out of it.
import { openTradeOf } from '@flotilla/journal'
import type { ClosedTrade } from '@flotilla/ledger'
import { describe, expect, it } from 'vitest'
import {
  account,
  createHarness,
  priceGoes,
  symbol,
  type DeskHarness,
  type HarnessOptions,
} from '../testing.ts'
import { tradeKey } from './journal.ts'

async function bought(options: HarnessOptions = {}, takeProfit = '55000'): Promise<DeskHarness> {
  const desk = await createHarness(options)
  await desk.approve({ name: 'one', takeProfit })
  await desk.settle()
  return desk
}

const journal = (desk: DeskHarness): Promise<ClosedTrade[]> =>
  desk.ledger.loadTrades({ account, symbol })

async function exitReasonOf(desk: DeskHarness): Promise<string[]> {
  return (await journal(desk)).map(({ exitReason }) => exitReason)
}

type Way = (desk: DeskHarness) => Promise<unknown>
const sell: Way = async (desk) => {
  await desk.approve({ name: 'two', purpose: 'exit' })
  await desk.settle()
}
const flatten: Way = async (desk) => {
  await desk.input({ kind: 'flatten', reason: 'a test' })
  await desk.settle()
}

describe('the journal', () => {
  it.each<[string, HarnessOptions, Way]>([
    ['stop-loss', {}, (desk) => priceGoes(desk, '48900')],
    ['take-profit', {}, (desk) => priceGoes(desk, '55100')],
    ['signal', {}, sell],
    ['flattened', {}, flatten],
    [
      'trailing-stop',
      { exits: { trailing: { activation: 0.03, distance: 0.02 } } },
      (desk) => priceGoes(desk, '52000', '52200', '51150'),
    ],
    ['holding-time', { exits: { holdingMsMax: 60_000 } }, (desk) => desk.pass(61_000)],
  ])('names %s as the way out', async (reason, options, leave) => {
    const desk = await bought(options)
    expect(await journal(desk)).toEqual([])
    await leave(desk)
    await desk.settle()
    expect(await exitReasonOf(desk)).toEqual([reason])
    expect(await desk.ledger.recall('execution', tradeKey(symbol))).toBeNull()
  })

  it('says what was bought for whom, expected, risked and paid', async () => {
    const desk = await bought()
    const open = openTradeOf(await desk.ledger.recall('execution', tradeKey(symbol)))
    expect(open).toMatchObject({ strategy: 'test', exitReason: null })
    expect(open?.stop?.toString()).toBe('49000')
    expect(open?.bought.expected.toString()).toBe('500')
    await sell(desk)
    const [trade] = await journal(desk)
    const fills = await desk.ledger.loadFills({ account, symbol })
    expect(trade).toMatchObject({
      openingTradeId: fills[0]?.tradeId,
      strategy: 'test',
      openedAt: fills[0]?.filledAt,
    })
    expect(trade?.intentIds).toHaveLength(2)
    expect(trade?.fees.isPositive()).toBe(true)
    const position = await desk.ledger.findPosition(account, 'simulator', symbol)
    expect(trade?.netProfit.toString()).toBe(position?.realisedProfit.toString())
  })

  it('measures slippage from what the intent reckoned with, and what of it came after the decision', async () => {
    const desk = await createHarness()
    await desk.approve({ name: 'one', takeProfit: '55000', expected: '49900' })
    await desk.settle()
    await desk.restart()
    await desk.price('50500')
    await desk.approve({ name: 'two', purpose: 'exit', expected: '50600' })
    await desk.settle()
    expect(await journal(desk)).toMatchObject([
      {
        entrySlippagePercent: (100 * 100) / 49_900,
        entrySlippageDecidedPercent: 0,
        exitSlippagePercent: (100 * 100) / 50_600,
        exitSlippageDecidedPercent: -1,
      },
    ])
  })

  it('takes the price of the decision where an earlier risk manager says no other', async () => {
    const desk = await bought()
    await priceGoes(desk, '48900')
    const [trade] = await journal(desk)
    expect(trade).toMatchObject({ entrySlippagePercent: 0, entrySlippageDecidedPercent: 0 })
    expect(trade?.exitSlippage).not.toBeNull()
    expect(trade?.exitSlippageDecided).toBeNull()
  })

  it('names each part of a ladder, and the trade once', async () => {
    const ladder = [{ gain: 0.02, share: 0.5 }]
    const desk = await bought({ exits: { ladder } })
    await priceGoes(desk, '51500')
    expect(await journal(desk)).toEqual([])
    await priceGoes(desk, '48900')
    expect(await journal(desk)).toMatchObject([
      { exitReason: 'stop-loss', exits: { ladder: '0.00499', 'stop-loss': '0.005' } },
    ])
  })

  it('goes on after a restart with the trade that was open', async () => {
    const desk = await bought()
    await desk.restart()
    await desk.settle()
    await sell(desk)
    expect(await journal(desk)).toMatchObject([{ strategy: 'test', exitReason: 'signal' }])
  })

  it('finds the trade of a position that is older than the journal', async () => {
    const desk = await bought()
    const value = null
    const change = {
      kind: 'memory-stored',
      agent: 'execution',
      key: tradeKey(symbol),
      value,
    } as const
    await desk.ledger.commit([
      { consumer: 'execution', causeId: null, changes: [change], outgoing: [] },
    ])
    await desk.restart()
    await desk.settle()
    await sell(desk)
    expect(await journal(desk)).toMatchObject([{ strategy: 'test', exitReason: 'signal' }])
  })
})
