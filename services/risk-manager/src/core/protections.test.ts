import { instant } from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import {
  caps,
  decimal,
  intent,
  protections,
  reservation,
  sizing,
  testNow,
  type BookOptions,
} from '../testing.ts'
import { checkRow, verdictOf, type Row } from '../testing/verdicts.ts'
import type { Book } from './book.ts'
import type { ClosedTrade } from './closed-trades.ts'
import { noteBar } from './history.ts'
import type { Caps } from './limits.ts'
import type { Protections } from './protections.ts'

const minuteMs = 60_000
const rich: BookOptions = { funds: { USDT: '10000' } }

/** So many minutes ago, with what it earned as a share. */
const trade = (minutesAgo: number, share = '0', stopped = false, symbol = 'BTC/USDT') =>
  ({
    symbol,
    closedAt: testNow - minutesAgo * minuteMs,
    profit: decimal(share),
    share: decimal(share),
    stopped,
  }) satisfies ClosedTrade
const stop = (minutesAgo: number, symbol = 'BTC/USDT') => trade(minutesAgo, '-0.05', true, symbol)
const after =
  (...trades: readonly ClosedTrade[]) =>
  (made: Book) => {
    for (const each of trades) {
      made.trades.set(each.symbol, [...(made.trades.get(each.symbol) ?? []), each])
    }
  }
const off = protections()
const protecting = (overrides: Partial<Protections>) => ({
  balanceShare: decimal('0.1'),
  protections: protections(overrides),
})
/** Three stops within an hour pause for half an hour. */
const threeStops = protecting({ stopGuard: { ...off.stopGuard, stops: 3 } })
const threeOfOne = protecting({ stopGuard: { ...off.stopGuard, stops: 3, perSymbol: true } })
/** Two trades within an hour that lost more than two hundredths lock for half an hour. */
const twoTrades = protecting({
  lowProfit: { ...off.lowProfit, trades: 2, profitMin: decimal('-0.02') },
})

const rows: Row[] = [
  {
    title: 'a cooldown just over lets an entry pass',
    prepare: after(trade(10)),
    limits: protecting({ cooldownMs: 10 * minuteMs }),
    denied: null,
  },
  {
    title: 'a millisecond before it ends it does not',
    prepare: after(trade(10)),
    limits: protecting({ cooldownMs: 10 * minuteMs + 1 }),
    denied: { code: 'symbol_cooling_down', symbol: 'BTC/USDT', until: instant(testNow + 1) },
  },
  {
    title: 'another symbol does not cool down',
    prepare: after(trade(1, '0', false, 'ETH/USDT')),
    limits: protecting({ cooldownMs: 10 * minuteMs }),
    denied: null,
  },
  {
    title: 'one stop less than the guard allows pauses nothing',
    prepare: after(stop(20), stop(10)),
    limits: threeStops,
    denied: null,
  },
  {
    title: 'as many stops as the guard names pause entries, whatever the symbol',
    prepare: after(stop(30, 'ETH/USDT'), stop(20, 'SOL/USDT'), stop(10)),
    limits: threeStops,
    denied: {
      code: 'stops_reached_limit',
      stops: 3,
      stopsMax: 3,
      until: instant(testNow + 20 * minuteMs),
    },
  },
  {
    title: 'sales that were no stops do not count',
    prepare: after(stop(30), trade(20, '-0.05'), stop(10)),
    limits: threeStops,
    denied: null,
  },
  {
    title: 'stops that lie as far apart as is looked back do not count together',
    prepare: after(stop(69), stop(20), stop(9)),
    limits: threeStops,
    denied: null,
  },
  {
    title: 'a little nearer they do',
    prepare: after(stop(68), stop(20), stop(9)),
    limits: threeStops,
    denied: { code: 'stops_reached_limit' },
  },
  {
    title: 'the pause ends on time',
    prepare: after(stop(32), stop(31), stop(30)),
    limits: threeStops,
    denied: null,
  },
  {
    title: 'and not a minute before',
    prepare: after(stop(31), stop(30), stop(29)),
    limits: threeStops,
    denied: { code: 'stops_reached_limit', until: instant(testNow + minuteMs) },
  },
  {
    title: 'counted by symbol, stops of others pause nothing',
    prepare: after(stop(30, 'ETH/USDT'), stop(20, 'SOL/USDT'), stop(10)),
    limits: threeOfOne,
    denied: null,
  },
  {
    title: 'counted by symbol, its own do',
    prepare: after(stop(30), stop(20), stop(10)),
    limits: threeOfOne,
    denied: { code: 'stops_reached_limit' },
  },
  {
    title: 'trades that lost just as much as allowed lock nothing',
    prepare: after(trade(20, '-0.03'), trade(10, '0.01')),
    limits: twoTrades,
    denied: null,
  },
  {
    title: 'a little more locks the symbol',
    prepare: after(trade(20, '-0.03'), trade(10, '0.0099')),
    limits: twoTrades,
    denied: {
      code: 'symbol_profit_too_low',
      symbol: 'BTC/USDT',
      trades: 2,
      profit: '-0.0201',
      profitMin: '-0.02',
      until: instant(testNow + 20 * minuteMs),
    },
  },
  {
    title: 'one trade alone does not',
    prepare: after(trade(10, '-0.5')),
    limits: twoTrades,
    denied: null,
  },
  {
    title: 'the lock ends on time',
    prepare: after(trade(40, '-0.1'), trade(30, '-0.1')),
    limits: twoTrades,
    denied: null,
  },
  {
    title: 'an exit is held up by none of them',
    book: { funds: { USDT: '0', BTC: '0.01' }, positions: { 'BTC/USDT': '0.01' } },
    prepare: after(stop(3), stop(2), stop(1)),
    intent: intent({ side: 'sell', purpose: 'exit' }),
    limits: protecting({
      cooldownMs: 60 * minuteMs,
      stopGuard: { ...off.stopGuard, stops: 1 },
      lowProfit: { ...off.lowProfit, trades: 1 },
    }),
    denied: null,
  },
]

const capped = (overrides: Partial<Caps>, share = '0.1') => ({
  balanceShare: decimal(share),
  addToPositions: true,
  caps: caps(overrides),
})
/** Nine tenths money, a tenth bitcoin of which half is a position. */
const someBitcoin: BookOptions = {
  funds: { USDT: '9000', BTC: '0.02' },
  positions: { 'BTC/USDT': '0.01' },
}
const moving =
  (...symbols: readonly string[]) =>
  (made: Book) => {
    for (const symbol of ['BTC/USDT', 'ETH/USDT', 'SOL/USDT']) {
      const opposite = !symbols.includes(symbol)
      for (let index = 0; index < 12; index++) {
        const up = index % 2 === 0
        const close = up === opposite ? 110 : 100
        const openTime = index * minuteMs
        const bar = { openTime, closeTime: openTime + minuteMs, high: close, low: close, close }
        noteBar(made.histories, symbol, bar)
      }
    }
  }
const threeHeld: BookOptions = {
  funds: { USDT: '8000', ETH: '0.4', SOL: '10' },
  positions: { 'ETH/USDT': '0.4' },
  reservations: [reservation({ symbol: 'SOL/USDT', amount: decimal('1000') })],
}

const capRows: Row[] = [
  {
    // The position is worth 500, the entry 900.
    title: 'a symbol may reach its cap',
    book: someBitcoin,
    limits: capped({ symbolShareMax: decimal('0.14') }),
    denied: null,
    adjustments: [],
  },
  {
    title: 'a share of the balance takes what its symbol may still be',
    book: someBitcoin,
    limits: capped({ symbolShareMax: decimal('0.1399') }),
    denied: null,
    adjustments: ['symbol-capped'],
    size: '0.01789 for 899 USDT',
  },
  {
    // The least that can be bought costs 6.03.
    title: 'room for the minimum is enough',
    book: someBitcoin,
    limits: capped({ symbolShareMax: decimal('0.050603') }),
    denied: null,
    adjustments: ['symbol-capped'],
    size: '0.00012 for 6.03 USDT',
  },
  {
    title: 'a cent less of it is not',
    book: someBitcoin,
    limits: capped({ symbolShareMax: decimal('0.050602') }),
    denied: {
      code: 'symbol_exposure_exceeds_limit',
      symbol: 'BTC/USDT',
      exposure: '506.03',
      exposureMax: '506.02',
    },
  },
  {
    title: 'the entries of a symbol on their way count',
    book: { ...rich, reservations: [reservation({ amount: decimal('500') })] },
    limits: capped({ symbolShareMax: decimal('0.05') }),
    denied: { code: 'symbol_exposure_exceeds_limit', exposure: '1500', exposureMax: '500' },
  },
  {
    // All of it is worth 1000, whoever bought it.
    title: 'an asset may reach its cap',
    book: someBitcoin,
    limits: capped({ assetShareMax: decimal('0.19') }),
    denied: null,
    adjustments: [],
  },
  {
    title: 'a share of the balance takes what its asset may still be',
    book: someBitcoin,
    limits: capped({ assetShareMax: decimal('0.1899') }),
    denied: null,
    adjustments: ['asset-capped'],
    size: '0.01789 for 899 USDT',
  },
  {
    title: 'of an asset, too, room for the minimum is enough',
    book: someBitcoin,
    limits: capped({ assetShareMax: decimal('0.100603') }),
    denied: null,
    adjustments: ['asset-capped'],
    size: '0.00012 for 6.03 USDT',
  },
  {
    title: 'and a cent less is not, however it came',
    book: someBitcoin,
    limits: capped({ assetShareMax: decimal('0.100602') }),
    denied: {
      code: 'asset_exposure_exceeds_limit',
      asset: 'BTC',
      exposure: '1006.03',
      exposureMax: '1006.02',
    },
  },
  {
    // 1000 of ETH and 1000 of SOL on its way, 800 more.
    title: 'symbols that move together may reach the cap of one bet',
    book: threeHeld,
    prepare: moving('BTC/USDT', 'ETH/USDT', 'SOL/USDT'),
    limits: capped({ correlatedShareMax: decimal('0.28') }),
    denied: null,
    adjustments: [],
    size: '0.01592 for 800 USDT',
  },
  {
    title: 'a share of the balance takes what they leave of it',
    book: threeHeld,
    prepare: moving('BTC/USDT', 'ETH/USDT', 'SOL/USDT'),
    limits: capped({ correlatedShareMax: decimal('0.2799') }),
    denied: null,
    adjustments: ['correlation-capped'],
    size: '0.0159 for 799 USDT',
  },
  {
    title: 'of one bet, too, room for the minimum is enough',
    book: threeHeld,
    prepare: moving('BTC/USDT', 'ETH/USDT', 'SOL/USDT'),
    limits: capped({ correlatedShareMax: decimal('0.200603') }),
    denied: null,
    adjustments: ['correlation-capped'],
    size: '0.00012 for 6.03 USDT',
  },
  {
    title: 'and a cent less is not',
    book: threeHeld,
    prepare: moving('BTC/USDT', 'ETH/USDT', 'SOL/USDT'),
    limits: capped({ correlatedShareMax: decimal('0.200602') }),
    denied: {
      code: 'correlated_exposure_exceeds_limit',
      symbols: ['ETH/USDT', 'SOL/USDT'],
      exposure: '2006.03',
      exposureMax: '2006.02',
    },
  },
  {
    title: 'without any room it is denied as it was wished',
    book: threeHeld,
    prepare: moving('BTC/USDT', 'ETH/USDT', 'SOL/USDT'),
    limits: capped({ correlatedShareMax: decimal('0.2') }),
    denied: {
      code: 'correlated_exposure_exceeds_limit',
      exposure: '2800',
      exposureMax: '2000',
    },
  },
  {
    title: 'the tightest of several caps is the one that is named',
    book: threeHeld,
    prepare: moving('BTC/USDT', 'ETH/USDT', 'SOL/USDT'),
    limits: capped({
      symbolShareMax: decimal('0.07'),
      correlatedShareMax: decimal('0.27'),
    }),
    denied: null,
    adjustments: ['symbol-capped'],
    size: '0.01393 for 700 USDT',
  },
  {
    title: 'one of what moves together a cent tighter is that',
    book: threeHeld,
    prepare: moving('BTC/USDT', 'ETH/USDT', 'SOL/USDT'),
    limits: capped({
      symbolShareMax: decimal('0.07'),
      correlatedShareMax: decimal('0.269999'),
    }),
    denied: null,
    adjustments: ['correlation-capped'],
    size: '0.01393 for 699.99 USDT',
  },
  {
    title: 'a symbol that moves the other way is another bet',
    book: threeHeld,
    prepare: moving('BTC/USDT', 'ETH/USDT'),
    limits: capped({ correlatedShareMax: decimal('0.18') }),
    denied: null,
    adjustments: [],
  },
  {
    title: 'what is not known to move together does not count',
    book: threeHeld,
    limits: capped({ correlatedShareMax: decimal('0.08') }),
    denied: null,
    adjustments: [],
  },
]

describe('protections, on both sides of each edge', () => {
  it.each(rows)('$title', checkRow)
})

describe('caps, on both sides of each edge', () => {
  it.each(capRows)('$title', checkRow)

  it('shrink a size that was found from a risk', () => {
    const byRisk = sizing({ method: 'fixed-risk', riskShare: decimal('0.05') })
    const verdict = verdictOf({
      title: '',
      book: rich,
      intent: intent({ stopLossPrice: '49999' }),
      limits: { sizing: byRisk, caps: caps({ symbolShareMax: decimal('0.1') }) },
      denied: null,
    })
    expect(verdict.kind === 'approved' && verdict.approved).toMatchObject({
      reserve: { amount: decimal('1000') },
      sizing: { adjustments: ['symbol-capped'] },
    })
  })
})
