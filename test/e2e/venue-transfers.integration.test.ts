// Money that moves at the venue without an order, as the adapter that live trading uses hears of it.
import { createSimulator, type Simulator } from '@flotilla/exchange-simulator'
import { openBinanceVenue, type AccountEvent, type Venue } from '@flotilla/venue'
import { afterEach, beforeEach, expect, test } from 'vitest'

const PATIENCE = { timeout: 60_000, interval: 10 }

let simulator: Simulator
let venue: Venue
let watch: { close(): Promise<void> }
const heard: AccountEvent[] = []

beforeEach(async () => {
  heard.length = 0
  simulator = createSimulator({
    config: { clock: 'manual', balances: { USDT: '1000', BTC: '1' }, control: { enabled: true } },
    folder: null,
  })
  await simulator.start()
  venue = await openBinanceVenue({
    name: 'simulator',
    baseUrl: simulator.url,
    apiKey: 'flotillaSimulatorKey',
    secret: 'flotillaSimulatorSecret',
    clock: { now: () => simulator.now() },
    weightPerMinute: 0,
  })
  watch = venue.watchAccount((event) => void heard.push(event))
  await expect.poll(() => heard.map(({ kind }) => kind), PATIENCE).toContain('connected')
})

afterEach(async () => {
  await watch.close()
  await venue.close()
  await simulator.stop()
})

async function move(body: object): Promise<void> {
  const url = `${simulator.controlUrl ?? ''}/__sim/balances`
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  expect(answer.status).toBe(200)
}

const told = () =>
  heard.flatMap((event) => {
    if (event.kind === 'transfer') return [`${event.asset} ${event.change.toString()}`]
    if (event.kind !== 'balances') return []
    return event.balances.map(
      ({ asset, free, locked }) => `${asset} ${String(free)}/${String(locked)}`,
    )
  })

test('a deposit and a withdrawal are told as transfers, with the totals after each', async () => {
  await move({ asset: 'USDT', deposit: '250.5' })
  await move({ asset: 'USDT', withdraw: '50.5' })
  await expect
    .poll(told, PATIENCE)
    .toEqual(['USDT 250.5', 'USDT 1250.5/0', 'USDT -50.5', 'USDT 1200/0'])
  const balances = await venue.fetchBalances()
  expect(balances.find(({ asset }) => asset === 'USDT')?.free.toString()).toBe('1200')
})

test('what another system locks is told, and is not free any more', async () => {
  await move({ asset: 'BTC', lock: '0.4' })
  await expect.poll(told, PATIENCE).toEqual(['BTC 0.4', 'BTC 0.6/0.4'])
  const balances = await venue.fetchBalances()
  expect(balances.find(({ asset }) => asset === 'BTC')?.locked.toString()).toBe('0.4')
})
