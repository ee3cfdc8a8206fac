// Says what a seeded market is, in one word: two hours of its wire, as every client would read them.
import { createHash } from 'node:crypto'
import { createSimulator } from '../index.ts'
import { wireClient } from './wire-client.ts'

const START = Date.UTC(2026, 4, 4, 9)
const HOUR_MS = 3_600_000
const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT']

const simulator = createSimulator({
  config: { clock: 'manual', seed: Number(process.argv[2]), startAt: START, symbols },
  folder: null,
})
await simulator.start()
const client = wireClient({ url: simulator.url, now: () => simulator.now() })
const hash = createHash('sha256')
for (let passed = 0; passed <= 2 * HOUR_MS; passed += HOUR_MS / 4) {
  simulator.advanceTo(START + passed)
  for (const symbol of symbols) {
    const query = `symbol=${symbol.replace('/', '')}`
    for (const path of ['trades', 'depth', 'ticker/24hr']) {
      hash.update(JSON.stringify((await client.public(path, query)).body))
    }
    hash.update(JSON.stringify((await client.public('klines', `${query}&interval=1m`)).body))
  }
}
await simulator.stop()
process.send?.(hash.digest('hex'))
