import { deriveId } from '@flotilla/contracts'
import type { Fill, Position } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import type { VenueOrder } from '@flotilla/venue'
import { symbolRules } from '@flotilla/venue/testing'
import { describe, expect, it } from 'vitest'
import { assetDifferences, assetsOf, baselineOf, unknownOrders, type Holdings } from './compare.ts'
import { clientOrderIdOf } from './order-id.ts'
import { applyFill, flatPosition } from './position.ts'

const rules = symbolRules()
const market = { account: 'main', venue: 'simulator', symbol: rules.symbol, rules }
const ours = clientOrderIdOf({
  account: 'main',
  venue: 'simulator',
  intentId: deriveId('one'),
  leg: 'stop-loss',
  attempt: 1,
})

describe('orders at the venue', () => {
  it.each([
    ['that we know are no difference', ours, true, []],
    ['of somebody else are named', 'web_1', false, ['foreign-order']],
    ['of ours without a row are named', ours, false, ['unrecorded-order']],
  ] as const)('%s', (_, clientOrderId, known, kinds) => {
    const order = { symbol: rules.symbol, clientOrderId } as VenueOrder
    expect(unknownOrders([order], () => known).map(({ kind }) => kind)).toEqual(kinds)
  })
})

function fill(side: Fill['side'], price: string, quantity: string, fee: string): Fill {
  const feeAsset = side === 'buy' ? 'BTC' : 'USDT'
  const what = { price: Decimal.from(price), quantity: Decimal.from(quantity) }
  const where = { account: 'main', venue: 'simulator', symbol: rules.symbol, filledAt: 1 }
  return {
    ...where,
    ...what,
    side,
    fee: Decimal.from(fee),
    feeAsset,
    tradeId: '1',
    clientOrderId: ours,
  }
}

function holdings(fills: readonly Fill[], usdt: string, btc: string): Holdings {
  const position = fills.reduce<Position>(
    (held, each) => applyFill(held, each, rules),
    flatPosition(market, 0),
  )
  const balance = (asset: string, text: string) => {
    const total = Decimal.from(text)
    return { asset, free: total, locked: Decimal.zero, total }
  }
  return {
    rules: [rules],
    positions: [position],
    balances: [balance('USDT', usdt), balance('BTC', btc)],
  }
}

const before = holdings([], '1000', '2')
const baselines = new Map(assetsOf([rules]).map((asset) => [asset, baselineOf(before, asset)]))
const bought = fill('buy', '300', '1', '0.001')
const sold = fill('sell', '307', '0.3', '0.0921')

function differences(now: Holdings): string[] {
  return assetDifferences(now, baselines).map(
    ({ kind, asset, expected, atVenue }) =>
      `${kind} ${asset} ${expected.minus(atVenue).abs().toString()}`,
  )
}

describe('assets at the venue', () => {
  it.each([
    ['are the same before anything was traded', before, []],
    ['follow a fill and its fee in base', holdings([bought], '700', '2.999'), []],
    ['follow a sale and its fee in quote', holdings([bought, sold], '792.0079', '2.699'), []],
    ['may differ by rounding', holdings([], '1000.00000001', '2'), []],
    [
      'are missed when one is gone that no fill explains',
      holdings([bought], '700', '2.99'),
      ['asset-missing BTC 0.009'],
    ],
    [
      'tell of a fill that we do not know, on both sides',
      holdings([], '700', '2.999'),
      ['asset-surplus BTC 0.999', 'asset-missing USDT 300'],
    ],
    ['tell of a deposit', holdings([], '1500', '2'), ['asset-surplus USDT 500']],
  ])('%s', (_, now, expected) => {
    expect(differences(now).toSorted()).toEqual([...expected].toSorted())
  })

  it('that are less than our fills come to are missed from the beginning', () => {
    const now = holdings([bought], '700', '0.5')
    const fresh = new Map([['BTC', baselineOf(now, 'BTC')]])
    expect(assetDifferences(now, fresh)).toMatchObject([{ kind: 'asset-missing', asset: 'BTC' }])
  })
})
