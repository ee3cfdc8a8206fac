// The journal of closed trades.
import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import type { Ledger } from './port.ts'
import type { ClosedTrade } from './records.ts'
import { adjust, funded, outcomesOf, START, trade, unit } from './testing/index.ts'

const closed = (made: ClosedTrade) => ({ kind: 'trade-closed', trade: made }) as const

export function describeTrades(open: () => Ledger): void {
  describe('trades', () => {
    it('come back as they went in, with every digit and every null', async () => {
      const full = trade({ openingTradeId: 't-1', netProfit: Decimal.from('-0.0000000000000123') })
      const bare = trade({
        openingTradeId: 't-2',
        strategy: null,
        intentIds: [],
        averageEntryPrice: null,
        stop: null,
        rMultiple: null,
        otherFees: {},
        entrySlippage: null,
        entrySlippagePercent: null,
        exitSlippage: null,
        exitSlippagePercent: null,
        entrySlippageDecided: null,
        entrySlippageDecidedPercent: null,
        exitSlippageDecided: null,
        exitSlippageDecidedPercent: null,
      })
      await open().commit([unit([closed(full), closed(bare)])])
      expect(await open().loadTrades({ account: 'paper' })).toEqual([full, bare])
    })

    it('are listed newest first, of a symbol, from a moment on, cut at the limit', async () => {
      const trades = [1, 2, 3].map((number) =>
        trade({
          openingTradeId: `t-${number}`,
          closedAt: START + number,
          symbol: number === 2 ? 'ETH/USDT' : 'BTC/USDT',
        }),
      )
      await open().commit([unit(trades.map(closed))])
      const names = async (query: object) =>
        (await open().loadTrades({ account: 'paper', ...query })).map((each) => each.openingTradeId)
      expect(await names({})).toEqual(['t-3', 't-2', 't-1'])
      expect(await names({ symbol: 'BTC/USDT' })).toEqual(['t-3', 't-1'])
      expect(await names({ since: START + 2 })).toEqual(['t-3', 't-2'])
      expect(await names({ limit: 1 })).toEqual(['t-3'])
      expect(await names({ account: 'other' })).toEqual([])
    })

    it('are stored once for each fill that opened one, with all of their unit or none of it', async () => {
      const first = closed(trade({ openingTradeId: 't-1' }))
      const again = unit([adjust('USDT', '1'), first])
      expect(await outcomesOf(open(), [funded('5'), unit([first]), again])).toEqual([
        'committed',
        'committed',
        'trade_unique',
      ])
      expect(await outcomesOf(open(), [again])).toEqual(['trade_unique'])
      expect((await open().loadBalances('paper'))[0]?.total.toString()).toBe('5')
      const elsewhere = closed(trade({ openingTradeId: 't-1', symbol: 'ETH/USDT' }))
      expect(await outcomesOf(open(), [unit([elsewhere])])).toEqual(['committed'])
    })

    it('are recognised as a repetition before they are refused', async () => {
      const once = unit([closed(trade({ openingTradeId: 't-1' }))], { causeId: 'fill' })
      expect(await outcomesOf(open(), [once])).toEqual(['committed'])
      expect(await outcomesOf(open(), [once])).toEqual(['duplicate'])
    })

    it('sell something, and end after they began', async () => {
      const nothing = closed(trade({ openingTradeId: 't-1', quantity: Decimal.zero }))
      const backwards = closed(trade({ openingTradeId: 't-2', closedAt: START - 1 }))
      expect(await outcomesOf(open(), [unit([nothing]), unit([backwards])])).toEqual([
        'trade_amounts',
        'trade_amounts',
      ])
    })
  })
}
