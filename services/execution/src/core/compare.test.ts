import { deriveId } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import type { VenueOrder } from '@flotilla/venue'
import { symbolRules } from '@flotilla/venue/testing'
import { describe, expect, it } from 'vitest'
import { compareWithVenue, type Comparison } from './compare.ts'
import { clientOrderIdOf } from './order-id.ts'
import { flatPosition } from './position.ts'

const rules = symbolRules()
const market = { account: 'main', venue: 'simulator', symbol: rules.symbol, rules }
const ours = clientOrderIdOf({
  venue: 'simulator',
  intentId: deriveId('one'),
  leg: 'stop-loss',
  attempt: 1,
})

function compare(options: { held?: string; atVenue?: string; open?: string; known?: boolean }) {
  const total = Decimal.from(options.atVenue ?? '0')
  const comparison: Comparison = {
    rules: [rules],
    positions: [{ ...flatPosition(market, 0), quantity: Decimal.from(options.held ?? '0') }],
    balances: [{ asset: 'BTC', free: total, locked: Decimal.zero, total }],
    openOrders:
      options.open === undefined
        ? []
        : [{ symbol: rules.symbol, clientOrderId: options.open } as VenueOrder],
    isKnown: () => options.known ?? false,
  }
  return compareWithVenue(comparison).map(({ kind }) => kind)
}

describe('the comparison with the venue', () => {
  it.each([
    ['finds nothing when both agree', { held: '1', atVenue: '1', open: ours, known: true }, []],
    ['leaves inventory alone that we never traded', { held: '1', atVenue: '3' }, []],
    ['names an asset that is gone', { held: '1', atVenue: '0.999' }, ['asset-missing']],
    ['names an order of somebody else', { open: 'web_1' }, ['foreign-order']],
    ['names an order of ours without a row', { open: ours }, ['unrecorded-order']],
  ] as const)('%s', (_, options, kinds) => {
    expect(compare(options)).toEqual(kinds)
  })
})
