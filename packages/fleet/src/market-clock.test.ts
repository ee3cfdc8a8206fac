import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { marketClockOf } from './market-clock.ts'
import { SharedConfigSchema } from './shared-config.ts'
import type { SharedConfig } from './shared-config.ts'

const marketStart = 1_767_571_200_000
let answers: string[]
let close: () => void
let url: string

beforeEach(async () => {
  answers = []
  const server = createServer((request, response) => {
    expect(request.url).toBe('/api/v3/time')
    response.end(answers.shift() ?? JSON.stringify({ serverTime: marketStart }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  close = () => {
    server.close()
    server.closeAllConnections()
  }
})
afterEach(() => close())

const configured = (venue: object, speed = 1_000): SharedConfig =>
  SharedConfigSchema.parse({ venue, simulator: { speed } })
const ignore = (): void => undefined

test("runs from the simulator's time at the simulator's speed", async () => {
  const clock = await marketClockOf(configured({ url }), ignore)
  const first = clock.now()
  expect(first).toBeGreaterThanOrEqual(marketStart)
  expect(first).toBeLessThan(marketStart + 60_000 * 1_000)
  await clock.sleep(20_000)
  expect(clock.now() - first).toBeGreaterThanOrEqual(19_000)
})

test('asks again while the simulator is not there yet', async () => {
  answers = ['not json', '{"serverTime":"soon"}']
  const clock = await marketClockOf(configured({ url }), ignore)
  expect(clock.now()).toBeGreaterThanOrEqual(marketStart)
})

test('a real venue trades in real time', async () => {
  const clock = await marketClockOf(configured({ kind: 'binance', id: 'binance' }), ignore)
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(5_000)
})
