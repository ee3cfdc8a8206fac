import { VenueName } from '@flotilla/contracts'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { AgentSpec } from './agent.ts'
import { fleetJsonSchema, readFleetConfig } from './fleet-config.ts'
import { liveConfirmationPhrase } from './account-fields.ts'

const risk: AgentSpec = {
  name: 'risk-manager',
  config: z.strictObject({ exposureShareMax: z.number().max(1).default(0.25) }),
  needs: ['bus', 'ledger', 'marketStore', 'venue'],
  create: () => ({
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    readiness: () => ({ ready: true, detail: {} }),
  }),
}

function read(text: string, environment: Record<string, string> = {}) {
  return readFleetConfig({ file: 'flotilla.yaml', text, specs: [risk], environment })
}

function refusal(text: string, environment: Record<string, string> = {}): string {
  try {
    read(text, environment)
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

test('a live venue is followed at the pace of life only', () => {
  const follow = 'simulator:\n  follow: { venue: kraken }\n'
  expect(refusal(follow)).toMatch(/simulator\.speed.*must be 1 where a live venue is followed/)
  expect(read(`${follow}  speed: 1\n`).shared.simulator.follow).toMatchObject({
    venue: 'kraken',
    silenceMaxMs: 30_000,
  })
})

test('an empty file is a safe paper fleet on the simulator', () => {
  const config = read('')
  expect(config.shared).toMatchObject({
    mode: 'paper',
    venue: { kind: 'simulator' },
    symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'],
    timeframe: '1m',
    simulator: { speed: 60, seed: 1, balances: { USDT: '10000' } },
    http: { host: '127.0.0.1' },
  })
  expect(config.section('risk-manager')).toEqual({ exposureShareMax: 0.25 })
})

test("another agent's section is left to whoever runs it", () => {
  expect(refusal('strategy:\n  anything: 1\n')).toBe('accepted')
  expect(refusal('risk:\n  anything: 1\n')).toMatch(
    /flotilla\.yaml:2:3 risk\.anything: is not a known/,
  )
  expect(refusal('risks:\n  anything: 1\n')).toMatch(/^flotilla\.yaml:1:1 risks: .*"risk"/)
})

test('an amount may be written with or without quotes and stays exact', () => {
  expect(
    read('simulator:\n  balances: { USDT: 84.54, BTC: "0.10" }\n').shared.simulator.balances,
  ).toEqual({
    USDT: '84.54',
    BTC: '0.10',
  })
  expect(refusal('simulator:\n  balances: { USDT: -1 }\n')).toMatch(/-1 is not a plain decimal/)
})

test('the simulated exchange begins, charges and limits as it is told', () => {
  const text = `simulator:
  startAt: 2026-01-05T00:00:00Z
  fees: { maker: 0, taker: 0.00075 }
  limits: { weightPerMinute: 100 }
  control: { enabled: true, port: 9400 }
`
  expect(read(text).shared.simulator).toMatchObject({
    startAt: '2026-01-05T00:00:00Z',
    fees: { maker: '0', taker: '0.00075' },
    limits: { weightPerMinute: 100, ordersPerTenSeconds: 100 },
    control: { enabled: true, port: 9_400 },
  })
  expect(read('').shared.simulator.control.enabled).toBe(false)
  expect(refusal('simulator:\n  fees: { taker: 1.5 }\n')).toMatch(/taker: .*not a share below 1/)
  expect(refusal('simulator:\n  startAt: yesterday\n')).toMatch(/startAt/)
})

describe('what makes no sense is refused', () => {
  const live = `mode: live\nvenue: { kind: binance, id: binance }\n`
  const confirmed = `${live}liveConfirmation: ${liveConfirmationPhrase}\n`
  const keys = { FLOTILLA_VENUE__API_KEY: 'k'.repeat(8), FLOTILLA_VENUE__API_SECRET: 's'.repeat(8) }

  test.each([
    [
      'live without the sentence',
      live,
      keys,
      /flotilla\.yaml:1:1 liveConfirmation: .*letter by letter/,
    ],
    [
      'live with another sentence',
      `${live}liveConfirmation: yes please\n`,
      keys,
      /:3:19 liveConfirmation/,
    ],
    [
      'live without keys',
      confirmed,
      {},
      /venue\.apiKey: mode live needs it; .*FLOTILLA_VENUE__API_KEY_FILE[\s\S]*venue\.apiSecret/,
    ],
    [
      'live on the simulator',
      `mode: live\nliveConfirmation: ${liveConfirmationPhrase}\n`,
      {},
      /no live money/,
    ],
    [
      'paper on a real venue',
      'venue: { kind: binance }\n',
      {},
      /would trade real money at binance/,
    ],
    [
      'RabbitMQ without an address',
      'bus: { kind: rabbitmq }\n',
      {},
      /bus\.url: .*FLOTILLA_BUS__URL/,
    ],
    ['PostgreSQL without an address', 'ledger: { kind: postgres }\n', {}, /ledger\.url: /],
    [
      'InfluxDB without token',
      'marketStore: { kind: influxdb, url: "http://x:8086" }\n',
      {},
      /marketStore\.token: .*FLOTILLA_MARKET_STORE__TOKEN/,
    ],
    ['a symbol twice', 'symbols: [BTC/USDT, BTC/USDT]\n', {}, /:1:21 symbols\.1: .*listed twice/],
    ['an address of another kind', 'bus: { url: "http://x" }\n', {}, /bus\.url: .*amqp:/],
  ])('%s', (_name, text, environment, expected) => {
    expect(refusal(text, environment)).toMatch(expected)
  })

  test('live with the sentence and keys is accepted', () => {
    expect(refusal(confirmed, keys)).toBe('accepted')
  })

  test('paper on a test network is accepted', () => {
    expect(refusal('venue: { kind: binance, id: binance, testnet: true }\n')).toBe('accepted')
  })
})

test('an address is asked for only where it is used', () => {
  const text = 'marketStore: { kind: influxdb }\nledger: { kind: postgres }\n'
  const quiet = { ...risk, needs: ['bus' as const] }
  const source = { file: 'flotilla.yaml', text }
  expect(() => readFleetConfig({ ...source, specs: [quiet] })).not.toThrow()
  expect(() => readFleetConfig({ ...source, specs: [quiet], needs: ['ledger'] })).toThrow(
    /ledger\.url/,
  )
})

test('secrets are known, so that they can be kept out of logs', () => {
  const { secrets } = read('bus: { url: "amqp://risk:hunter22@host" }\n', {
    FLOTILLA_VENUE__API_KEY: 'key-1',
    FLOTILLA_MARKET_STORE__TOKEN: 'token-1',
  })
  expect(secrets.toSorted()).toEqual(['hunter22', 'key-1', 'token-1'])
})

test('names in a map may be written in capitals in the environment, and what is secret there is known', () => {
  const venues = z.record(VenueName, z.strictObject({ apiKey: z.string().optional() })).default({})
  const collector: AgentSpec = {
    ...risk,
    name: 'data-collection',
    config: z.strictObject({ sources: venues }),
    needs: [],
  }
  const environment = { FLOTILLA_DATA__SOURCES__ALPACA_TWO__API_KEY: 'key-2' }
  const config = readFleetConfig({ file: 'x.yaml', text: '', specs: [collector], environment })
  expect(config.section('data-collection')).toEqual({
    sources: { 'alpaca-two': { apiKey: 'key-2' } },
  })
  expect(config.secrets).toEqual(['key-2'])
})

test('the JSON Schema describes every setting for editors', () => {
  const schema = fleetJsonSchema([risk]) as {
    properties: Record<string, { properties?: Record<string, unknown>; description?: string }>
  }
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining(['mode', 'venue', 'symbols', 'risk', 'strategy', 'simulator']),
  )
  expect(schema.properties['risk']?.properties).toHaveProperty('exposureShareMax')
  expect(schema.properties['mode']?.description).toMatch(/real money/)
})
