import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quoteVolume24hOf, VolumeUnitError } from './index.ts'

const recorded = join(import.meta.dirname, '../../../../shared/market-data/recorded')

describe.skipIf(!existsSync(recorded))(
  'as recorded (skipped without ../shared/market-data)',
  () => {
    type Fields = Readonly<Record<string, unknown>>
    type Answer = {
      readonly ccxt_method: string
      readonly endpoint: string
      readonly response: Fields
    }
    const load = (file: string): unknown => JSON.parse(readFileSync(join(recorded, file), 'utf8'))
    const responseOf = (file: string, matches: (answer: Answer) => boolean): Fields => {
      const found = (load(file) as { responses: Answer[] }).responses.find(matches)
      expect(found).toBeDefined()
      return found?.response ?? {}
    }
    const coinbaseProducts = () =>
      responseOf('coinbase_ccxt-static.json', (answer) => answer.ccxt_method === 'markets.info')[
        'products'
      ] as Fields[]

    it('Coinbase: a base volume is not taken for dollars', () => {
      const volumes = coinbaseProducts().map((product) => [
        product['product_id'],
        quoteVolume24hOf('coinbase', product).toString(),
      ])
      expect(volumes).toEqual([
        ['BTC-USDC', '934782784.49'],
        ['BTC-USDT', '15279815.42'],
        ['ETH-USDT', '27451470.21'],
      ])
    })

    it('Coinbase: base volume at the last price is what it converts to by itself', () => {
      for (const product of coinbaseProducts()) {
        const { approximate_quote_24h_volume: own, ...older } = product
        const ours = quoteVolume24hOf('coinbase', older).toNumber()
        expect(ours / Number(own)).toBeCloseTo(1, 6)
      }
    })

    it('Coinbase: a ticker of trades has no volume, and is refused', () => {
      const ticker = responseOf('coinbase_ccxt-static.json', ({ endpoint }) =>
        endpoint.includes('ticker'),
      )
      expect(() => quoteVolume24hOf('coinbase', ticker)).toThrow(VolumeUnitError)
    })

    it('MEXC: quoteVolume, not volume', () => {
      const ticker = responseOf(
        'mexc_ccxt-static.json',
        (answer) => answer.ccxt_method === 'fetchTicker',
      )
      expect(quoteVolume24hOf('mexc', ticker).toString()).toBe('554877037.44')
    })

    it('Binance: quoteVolume, in the quote currency of the symbol', () => {
      const file = load('binance_ticker24hr_gct.json') as unknown as {
        recordings: { response: Fields }[]
      }
      const of = (symbol: string) =>
        file.recordings.find(({ response }) => response['symbol'] === symbol)?.response
      expect(quoteVolume24hOf('binance', of('ETHBTC')).toString()).toBe('16980.13811233')
      expect(quoteVolume24hOf('binance', of('DOGEUSDT')).toString()).toBe('365772101.018268')
    })

    it('Alpaca: today and the share of yesterday within the last 24 hours, at their mean prices', () => {
      const { snapshots } = responseOf('alpaca_ccxt-static.json', ({ endpoint }) =>
        endpoint.endsWith('snapshots?symbols=BTC/USD'),
      )
      const snapshot = (snapshots as Fields)['BTC/USD']
      const today = 3.815852502 * 69879.0364983585
      const yesterday = 2.217683307 * 70782.6811608144
      const hours = 24 - (21 + 19.31973121 / 3_600)
      const expected = today + (yesterday * hours) / 24
      expect(quoteVolume24hOf('alpaca', snapshot).toNumber()).toBeCloseTo(expected, 0)
    })
  },
)

it('5,928 bitcoin at Coinbase are half a billion dollars', () => {
  const product = { product_id: 'BTC-USD', price: '95310.40', volume_24h: '5928' }
  expect(quoteVolume24hOf('coinbase', product).toString()).toBe('565000051.2')
})

it('MEXC without quoteVolume: base volume at the mean price, else an error', () => {
  const ticker = { volume: '10', quoteVolume: null, weightedAvgPrice: '20.5' }
  expect(quoteVolume24hOf('mexc', ticker).toString()).toBe('205')
  expect(() => quoteVolume24hOf('mexc', { volume: '10' })).toThrow(/no quoteVolume/)
})

it('Alpaca: a day that has just begun does not look dead', () => {
  const bar = (v: number, t: string) => ({ t, v, vw: 100 })
  const snapshot = {
    dailyBar: bar(1e-7, '2024-11-02T05:00:00Z'),
    prevDailyBar: bar(50, '2024-11-01T05:00:00Z'),
    latestQuote: { t: '2024-11-02T05:06:00Z' },
  }
  expect(quoteVolume24hOf('alpaca', snapshot).toNumber()).toBeCloseTo(5_000 * (1 - 0.1 / 24), 2)
})

describe('what is not known is an error, never a number', () => {
  it.each([
    ['a venue without a rule', 'kraken', { volume: '5928', quoteVolume: '5928' }, /kraken/],
    ['an answer without figures', 'coinbase', {}, /volume_24h/],
    ['a word where a figure should be', 'mexc', { quoteVolume: 'much' }, /quoteVolume/],
    ['a negative volume', 'binance', { quoteVolume: '-1' }, /quoteVolume/],
    ['no answer', 'alpaca', null, /the answer/],
  ])('%s', (_what, venue, raw, message) => {
    expect(() => quoteVolume24hOf(venue, raw)).toThrow(VolumeUnitError)
    expect(() => quoteVolume24hOf(venue, raw)).toThrow(message)
  })
})
