// The lists of symbols as the venues really sent them, read by the adapters. The recordings are no part of
// the product: without them beside the checkout this is skipped.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openSpotScene } from '../wire-test/spot-venue.ts'
import type { SpotKind } from './exchange-requests.ts'

const folder = join(import.meta.dirname, '../../../../../shared/market-data/recorded')

const Recording = z.object({
  responses: z.array(z.object({ ccxt_method: z.string(), response: z.unknown() })),
})

function recordedMarkets(kind: SpotKind): unknown {
  const text = readFileSync(join(folder, `${kind}_ccxt-static.json`), 'utf8')
  const { responses } = Recording.parse(JSON.parse(text))
  return responses.find(({ ccxt_method }) => ccxt_method === 'markets.info')?.response
}

const routes: Readonly<Record<SpotKind, string>> = {
  coinbase: 'GET /api/v3/brokerage/market/products',
  mexc: 'GET /api/v3/exchangeInfo',
  alpaca: 'GET /v2/assets',
}

/** Tick, step, least quantity and least value as the recording has them. */
const expected: readonly (readonly [SpotKind, string, readonly string[]])[] = [
  ['coinbase', 'ETH/USDT', ['0.01', '0.00000001', '0.00000001', '1']],
  ['mexc', 'LTC/USDT', ['0.01', '0.0001', '0.001', '1']],
  ['alpaca', 'LTC/USD', ['0.005', '0.000000001', '0.013623978', '0']],
]

it.skipIf(!existsSync(folder)).each(expected)(
  'the rules of %s of %s are those of the recording',
  async (kind, symbol, figures) => {
    const { venue, server } = await openSpotScene(kind)
    try {
      server.on(routes[kind], { json: recordedMarkets(kind) })
      const [rules] = await venue.fetchRules([symbol])
      const { priceTick, quantityStep, quantityMin, notionalMin } = rules!
      expect(rules?.status).toBe('trading')
      const told = [priceTick, quantityStep, quantityMin, notionalMin].map(String)
      expect(told).toEqual(figures)
    } finally {
      await venue.close()
      await server.close()
    }
  },
)
