// The suite that the fake venue passes, over the wire: ccxt's signed requests against the exchange simulator.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { createSimulator } from '@flotilla/exchange-simulator'
import { openBinanceVenue } from '@flotilla/venue'
import { describeVenue } from '@flotilla/venue/conformance'

const minuteMs = 60_000
const startTime = Date.UTC(2024, 7, 5)
const keys = { apiKey: 'conformanceKey', apiSecret: 'conformanceSecret' }

describeVenue('ccxt on the simulator', async ({ balances, path: prices }) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'venue-'))
  const simulator = createSimulator({
    config: {
      clock: 'manual',
      symbols: ['BTC/USDT'],
      candles: [recordingOf(prices, folder)],
      startAt: startTime,
      balances,
      ...keys,
    },
    folder: null,
  })
  await simulator.start()
  simulator.advanceTo(startTime + 1_000)
  const venue = await openBinanceVenue({
    name: 'simulator',
    baseUrl: simulator.url,
    apiKey: keys.apiKey,
    secret: keys.apiSecret,
    clock: { now: () => simulator.now() },
    weightPerMinute: 0,
  })
  let step = 0
  return {
    venue,
    next: async () => {
      step += 1
      simulator.advanceTo(startTime + step * minuteMs + 1_000)
    },
    close: async () => {
      await venue.close()
      await simulator.stop()
      rmSync(folder, { recursive: true })
    },
  }
})

/** A minute for each price, the last one for a while; the digits tell the simulator its tick and step. */
function recordingOf(prices: readonly string[], folder: string): string {
  const last = prices.at(-1) ?? '1'
  const held = [...prices, ...Array.from({ length: 10 }, () => last)]
  const rows = held.map((price, index) => {
    const openTime = startTime + index * minuteMs
    return [openTime, price, price, price, price, '100.00001'].join(',')
  })
  const finer = `${last}.01`
  const tickRow = [startTime + held.length * minuteMs, last, finer, last, last, '100.00001']
  const file = path.join(folder, 'simulator_BTC-USDT_1m.csv')
  const header = 'timestamp_ms,open,high,low,close,volume'
  writeFileSync(file, [header, ...rows, tickRow.join(',')].join('\n'))
  return file
}
