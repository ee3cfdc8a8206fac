// MEXC marks symbols that take no orders by interface. Some of its lists have that mark on every symbol.
import { expect, it } from 'vitest'
import { mexcSymbol, openSpotScene } from '../wire-test/spot-venue.ts'

const named = (baseAsset: string, rest: object) => ({
  ...mexcSymbol,
  symbol: `${baseAsset}USDT`,
  baseAsset,
  ...rest,
})
const closed = { isSpotTradingAllowed: false }

it.each([
  ['one symbol has it', [named('BTC', {}), named('ETH', closed)], ['trading', 'halted']],
  ['all have it', [named('BTC', closed), named('ETH', closed)], ['trading', 'trading']],
  [
    'all have it and one is paused',
    [named('BTC', closed), named('ETH', { ...closed, status: '2' })],
    ['trading', 'halted'],
  ],
])('a mark that closes a symbol is read as meant when %s', async (_, symbols, expected) => {
  const { venue, server } = await openSpotScene('mexc')
  try {
    server.on('GET /api/v3/exchangeInfo', { json: { symbols } })
    const rules = await venue.fetchRules(['BTC/USDT', 'ETH/USDT'])
    expect(rules.map(({ status }) => status)).toEqual(expected)
  } finally {
    await venue.close()
    await server.close()
  }
})
