import type { Balance, Position } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { expect, test } from 'vitest'
import { summaryOf } from './summary.ts'
import { createTally } from './tally.ts'

const position: Position = {
  account: 'main',
  venue: 'simulator',
  symbol: 'BTC/USDT',
  quantity: Decimal.from('0.01'),
  costBasis: Decimal.from('610'),
  averageEntryPrice: Decimal.from('61000'),
  realisedProfit: Decimal.from('1.5'),
  protection: {
    state: 'protected',
    stop: Decimal.from('57950'),
    takeProfit: Decimal.from('67100'),
    quantity: Decimal.from('0.01'),
    listId: 'x',
    since: 0,
    reason: null,
  },
  openedAt: 0,
  updatedAt: 0,
  version: 1,
}

function balance(asset: string, total: string, reserved: string): Balance {
  return {
    account: 'main',
    asset,
    total: Decimal.from(total),
    reserved: Decimal.from(reserved),
    version: 1,
  }
}

function summary(balances: Balance[], price: string | null): Promise<string> {
  const tally = createTally()
  const priceOf = () => (price === null ? null : Decimal.from(price))
  const ledger = {
    loadBalances: () => Promise.resolve(balances),
    loadPositions: () => Promise.resolve([position]),
  }
  return summaryOf({ tally: { ...tally, priceOf }, ledger, account: 'main', currency: 'USDT' })
}

test('shows the position with its stop, the balances, and the equity at the newest prices', async () => {
  const text = await summary(
    [balance('USDT', '9390', '40.5'), balance('BTC', '0.01', '0')],
    '62000',
  )
  expect(text).toMatch(/BTC\/USDT +0\.01 +61000 +57950 +67100 +1\.5/)
  expect(text).toMatch(/USDT +9390 +40\.5 +9349\.5/)
  expect(text).toContain('equity 10010 USDT')
})

test('an asset without a price is named, not guessed', async () => {
  const text = await summary([balance('USDT', '100', '0'), balance('BTC', '1', '0')], null)
  expect(text).toContain('equity 100 USDT (without BTC: no price known)')
})
