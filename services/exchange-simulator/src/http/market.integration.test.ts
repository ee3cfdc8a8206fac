// What a reader of market data gets, and in which order a request is judged.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { startSimulatorByHand, START } from '../testing/started-simulator.ts'
import type { WireClient } from '../testing/wire-client.ts'

const HOUR = 3_600_000

let simulator: Simulator
let client: WireClient

beforeAll(async () => {
  ;({ simulator, client } = await startSimulatorByHand({ control: { enabled: true } }))
})

afterAll(() => simulator.stop())

async function rows(path: string, query: string): Promise<unknown[][]> {
  const { body } = await client.public(path, query)
  return body as unknown as unknown[][]
}

describe('windows of time', () => {
  test('a rolling window is as long as it was asked to be, and MINI leaves out the changes', async () => {
    const { body } = await client.public('ticker', 'symbol=BTCUSDT&windowSize=3h&type=MINI')
    expect(body).not.toHaveProperty('priceChange')
    const { openTime, closeTime } = body as unknown as { openTime: number; closeTime: number }
    expect(closeTime).toBe(START)
    expect(START - openTime).toBeLessThanOrEqual(3 * HOUR)
    expect(START - openTime).toBeGreaterThan(3 * HOUR - 60_000)
  })

  test('a trading day begins at midnight where its time zone is', async () => {
    const openTime = async (zone: string): Promise<unknown> =>
      (await client.public('ticker/tradingDay', `symbol=BTCUSDT${zone}`)).body['openTime']
    expect(await openTime('')).toBe(Date.UTC(2026, 10, 2))
    expect(await openTime('&timeZone=8')).toBe(Date.UTC(2026, 10, 1, 16))
    expect(await openTime('&timeZone=-1:30')).toBe(Date.UTC(2026, 10, 2, 1, 30))
  })

  test('days are cut by the time zone, and hold what the hours in them hold', async () => {
    const query = 'symbol=BTCUSDT&interval=1d&limit=2&timeZone=05:45'
    const [day] = await rows('klines', query)
    const opens = Date.UTC(2026, 10, 1) - 5.75 * HOUR
    expect(day!.slice(0, 7).filter((_value, index) => index % 6 === 0)).toEqual([
      opens,
      opens + 24 * HOUR - 1,
    ])
    const parts = await rows(
      'klines',
      `symbol=BTCUSDT&interval=15m&startTime=${opens}&limit=${24 * 4}`,
    )
    expect(day![1]).toBe(parts[0]![1])
    expect(Number(day![2])).toBe(Math.max(...parts.map((part) => Number(part[2]))))
    expect(day![4]).toBe(parts.at(-1)![4])
  })

  test.each([
    ['klines', 'symbol=BTCUSDT&interval=1d&timeZone=15', -1130],
    ['klines', 'symbol=BTCUSDT&interval=1D', -1120],
    ['ticker', 'symbol=BTCUSDT&windowSize=24h', -1130],
    ['ticker', 'symbol=BTCUSDT&type=TINY', -1130],
    ['ticker', '', -1102],
    ['ticker/24hr', 'symbol=BTCUSDT&symbols=%5B%22BTCUSDT%22%5D', -1128],
    ['ticker/price', 'symbols=%5B%22btcusdt%22%5D', -1100],
    ['ticker/price', 'symbol=NOPE', -1121],
    ['ticker/price', 'symbol=BTCUSDT&symbolStatus=HALT', -1220],
    ['ticker/price', 'symbolStatus=ASLEEP', -1130],
    ['exchangeInfo', 'symbol=BTCUSDT&permissions=SPOT', -1128],
    ['aggTrades', 'symbol=BTCUSDT&fromId=1&startTime=1', -1128],
    ['depth', 'symbol=BTCUSDT&limit=ten', -1100],
    ['depth', 'symbol=BTCUSDT&depth=5', -1104],
    ['depth', 'symbol=BTCUSDT&symbol=BTCUSDT', -1101],
    ['depth', 'symbol=', -1102],
  ])('%s?%s is refused with %d', async (path, query, code) => {
    const { status, body } = await client.public(path, query)
    expect([status, body.code]).toEqual([400, code])
  })
})

test('exchangeInfo leaves out what was not asked for', async () => {
  const symbols = async (query: string): Promise<Record<string, unknown>[]> =>
    (await client.public('exchangeInfo', query)).body['symbols'] as Record<string, unknown>[]
  expect(await symbols('permissions=SPOT')).toHaveLength(3)
  expect(await symbols('permissions=%5B%22MARGIN%22%5D')).toEqual([])
  expect(await symbols('symbolStatus=HALT')).toEqual([])
  expect((await symbols('showPermissionSets=false'))[0]).not.toHaveProperty('permissionSets')
})

test('times are told in microseconds to who asks for that, and understood', async () => {
  const headers = { 'X-MBX-TIME-UNIT': 'MICROSECOND' }
  const ask = async (path: string): Promise<unknown> =>
    (await fetch(`${simulator.url}/api/v3/${path}`, { headers })).json()
  expect(await ask('time')).toEqual({ serverTime: START * 1_000 })
  const from = (START - HOUR) * 1_000
  const [first] = (await ask(
    `klines?symbol=BTCUSDT&interval=1m&startTime=${from}&limit=1`,
  )) as number[][]
  expect([first![0], first![6]]).toEqual([
    (START - HOUR + 30_000) * 1_000,
    (START - HOUR + 90_000) * 1_000 - 1_000,
  ])
})

test('the reference price is the mean of the last ten seconds', async () => {
  const start = START - 9_000
  const seconds = await rows('klines', `symbol=BTCUSDT&interval=1s&startTime=${start}&limit=10`)
  const mean = seconds.reduce((sum, row) => sum + Number(row[4]), 0) / 10
  const { body } = await client.public('referencePrice', 'symbol=BTCUSDT')
  expect(Number(body['referencePrice'])).toBeCloseTo(mean, 6)
  expect((await client.public('referencePrice/calculation', 'symbol=BTCUSDT')).body).toEqual({
    symbol: 'BTCUSDT',
    calculationType: 'ARITHMETIC_MEAN',
    bucketCount: 10,
    bucketWidthMs: 1_000,
  })
})

describe('a request with several faults is refused for the first in the order of checks', () => {
  const order = 'symbol=NOPE&symbol=NOPE&side=X&type=LIMIT'
  const timestamp = `&timestamp=${START}`
  const late = `&timestamp=${START - 60_000}`
  const key = (value: string) => ({ 'X-MBX-APIKEY': value })
  const good = key('flotillaSimulatorKey')
  const signed = (query: string): string => `${query}&signature=${client.sign(query)}`
  test.each([
    ['an unknown path', 'nowhere', {}, '', 404, undefined],
    ['no key', 'order', {}, order, 401, -2014],
    ['a key of strange characters', 'order', key('a-b'), order, 401, -2014],
    ['an unknown key', 'order', key('abc'), order, 401, -2015],
    ['no time', 'order', good, order, 400, -1102],
    ['no signature', 'order', good, `${order}${timestamp}`, 400, -1102],
    ['too long a window', 'order', good, `${order}${late}&recvWindow=60001`, 400, -1131],
    ['too old', 'order', good, `${order}${late}`, 400, -1021],
    ['a wrong signature', 'order', good, `${order}${timestamp}`, 400, -1022],
    ['a doubled parameter', 'order', good, `${order}${timestamp}`, 400, -1101],
    ['an unknown parameter', 'order', good, `side=X&type=Y&a=b${timestamp}`, 400, -1104],
    ['a wrong side', 'order', good, `symbol=NOPE&side=X&type=Y${timestamp}`, 400, -1117],
  ] as const)('%s', async (name, path, headers, query, status, code) => {
    const isBare = name.startsWith('no ') || status !== 400
    const payload = name === 'a wrong signature' ? `${query}&signature=00` : signed(query)
    const url = `${simulator.url}/api/v3/${path}?${isBare ? query : payload}`
    const response = await fetch(url, { method: 'POST', headers })
    const text = await response.text()
    const body = (status === 404 ? {} : JSON.parse(text)) as { code?: number }
    expect([response.status, body.code]).toEqual([status, code])
    expect(response.headers.has('x-mbx-used-weight-1m')).toBe(true)
  })
})

test('the retired listen keys are gone, and say so', async () => {
  const response = await fetch(`${simulator.url}/api/v3/userDataStream`, { method: 'POST' })
  expect(response.status).toBe(410)
})
