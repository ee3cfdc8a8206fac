import { Decimal } from '@flotilla/money'

import type { VenueCandle } from '../port.ts'
import { describeVenue } from '../venue.conformance.ts'
import { createFakeVenue } from './fake-venue.ts'

const symbol = 'BTC/USDT'
const minuteMs = 60_000
const startTime = Date.UTC(2024, 7, 5)

describeVenue('fake', async ({ balances, path }) => {
  let step = 0
  const now = () => startTime + step * minuteMs
  const venue = createFakeVenue({ balances, prices: { [symbol]: path[0] ?? '1' }, now })
  return {
    venue,
    next: async () => {
      step += 1
      venue.setPrice(symbol, path[step] ?? '1')
      venue.setCandles(symbol, '1m', path.slice(0, step + 1).map(candleAt))
    },
    close: () => venue.close(),
  }

  function candleAt(price: string, index: number): VenueCandle {
    const value = Decimal.from(price)
    const openTime = startTime + index * minuteMs
    const prices = { open: value, high: value, low: value, close: value }
    const volumes = { baseVolume: Decimal.zero, quoteVolume: Decimal.zero }
    const closed = openTime + minuteMs <= now()
    const times = { openTime, closeTime: openTime + minuteMs }
    return { symbol, timeframe: '1m', ...times, ...prices, ...volumes, closed }
  }
})
