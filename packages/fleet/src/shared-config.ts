import { AccountName, Asset, MarketSymbol, Timeframe } from '@flotilla/contracts'
import { z } from 'zod'
import { amount, liveConfirmationPhrase, mode, secret, url, venueShape } from './account-fields.ts'
import { FurtherAccounts } from './further-accounts.ts'

/**
 * The part of flotilla.yaml that all agents share. Every setting has a default that is safe: paper
 * money, the simulator, this machine only. What one agent alone needs is in its own section.
 */

const account = z
  .strictObject({
    id: AccountName.default('main').describe('Name of the account in messages and tables.'),
    currency: Asset.default('USDT').describe('What the account is valued in.'),
  })
  .describe('The account that is traded.')

/** A venue and the keys to it, as in section `venue`. */
export const VenueSettings = z.strictObject(venueShape)

const venue = VenueSettings.describe('Where is traded.')

const bus = z
  .strictObject({
    kind: z.enum(['in-process', 'rabbitmq']).default('in-process'),
    url: url(/^amqps?$/, 'amqp://user:password@host:5672')
      .optional()
      .describe('RabbitMQ; each agent may have its own user, by FLOTILLA_BUS__URL.'),
  })
  .describe('How the agents talk.')

const ledger = z
  .strictObject({
    kind: z
      .enum(['private', 'postgres'])
      .default('private')
      .describe('A private PostgreSQL that is started for you, or one of yours.'),
    url: url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/flotilla').optional(),
    keepDays: z
      .int()
      .min(1)
      .max(3_650)
      .default(14)
      .describe('Days for which messages are kept, and recognised when they come twice.'),
  })
  .describe('Where money, orders and positions are kept.')

const marketStore = z
  .strictObject({
    kind: z.enum(['sqlite', 'influxdb']).default('sqlite'),
    url: url(/^https?$/, 'http://host:8086')
      .optional()
      .describe('Address of InfluxDB 2.'),
    token: secret('FLOTILLA_MARKET_STORE__TOKEN'),
    organization: z.string().min(1).default('flotilla').describe('InfluxDB organization.'),
    bucket: z.string().min(1).default('flotilla').describe('InfluxDB bucket.'),
  })
  .describe('Where candles and indicator values are kept.')

/** A share of what is received, exact: 0.001 is a tenth of a percent. */
const feeRate = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((text) => /^0(\.\d{1,8})?$/.test(text), {
    error: 'is not a share below 1 of at most eight places, as 0.001',
  })

const simulatorFees = z
  .strictObject({
    maker: feeRate.default('0.001').describe('Share of what a resting order receives.'),
    taker: feeRate.default('0.001').describe('Share of what an incoming order receives.'),
  })
  .describe('What the simulated exchange charges.')

const simulatorLimits = z
  .strictObject({
    weightPerMinute: z.int().min(1).default(6_000),
    rawRequestsPerFiveMinutes: z.int().min(1).default(300_000),
    ordersPerTenSeconds: z.int().min(1).default(100),
    ordersPerDay: z.int().min(1).default(200_000),
  })
  .describe('Requests that the simulated exchange takes, at speed 1.')

const simulatorControl = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Faults, ledger and clock; for tests only.'),
    port: z.int().min(0).max(65_535).default(0).describe('0 takes a free port.'),
  })
  .describe('A second port by which tests break the exchange and read its ground truth.')

const recordings = z.array(z.string().min(1)).default([])

const simulatorFollow = z
  .strictObject({
    venue: z
      .string()
      .regex(/^[a-z0-9]+$/, { error: 'is not a ccxt id such as kraken' })
      .describe('The venue, by its ccxt id.'),
    url: url(/^https?$/, 'http://host:port')
      .optional()
      .describe('Where it is, if not where ccxt has it.'),
    historyMinutes: z.int().min(0).max(10_000).default(500),
    pollMs: z.int().min(100).max(60_000).default(1_000),
    silenceMaxMs: z
      .int()
      .min(100)
      .default(30_000)
      .describe('The simulated market closes when the venue has been silent for so long.'),
  })
  .describe("A live venue's public prices, followed by paper trading; needs speed 1.")

const simulator = z
  .strictObject({
    seed: z.int().min(0).default(1).describe('The same seed is the same market.'),
    speed: z
      .number()
      .min(0.1)
      .max(10_000)
      .default(60)
      .describe('Market seconds per second; 60 closes a one-minute candle every second.'),
    candles: recordings.describe('Recorded candles (CSV, Parquet) instead of the seeded market.'),
    trades: recordings.describe('Recorded trades instead of the seeded market.'),
    books: recordings.describe('Recorded order books, beside the trades.'),
    follow: simulatorFollow.optional(),
    balances: z
      .record(Asset, amount)
      .default({ USDT: '10000' })
      .describe('What the paper account owns at the start.'),
    startAt: z.iso
      .datetime()
      .optional()
      .describe('First moment of the market, as 2026-01-05T00:00:00Z; there is a sensible one.'),
    historyMinutes: z
      .int()
      .min(0)
      .optional()
      .describe('Recorded minutes that lie in the past at the first moment.'),
    legacyListenKey: z
      .boolean()
      .default(false)
      .describe('Serves the listen keys of old clients, which Binance has retired.'),
    fees: simulatorFees.prefault({}),
    limits: simulatorLimits.prefault({}),
    control: simulatorControl.prefault({}),
  })
  .refine(({ follow, speed }) => follow === undefined || speed === 1, {
    path: ['speed'],
    error: 'must be 1 where a live venue is followed: its prices cannot be hurried',
  })
  .describe('The exchange simulator: paper trading over a real wire.')

const logs = z
  .strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    format: z
      .enum(['auto', 'json', 'readable'])
      .default('auto')
      .describe('auto: readable on a terminal, JSON otherwise.'),
  })
  .describe('Log lines; keys never appear in them.')

const http = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('This machine only, unless changed.'),
    port: z
      .int()
      .min(0)
      .max(65_535)
      .default(9_100)
      .describe('0 takes a free port. `flotilla up` counts up from here, one port per agent.'),
  })
  .describe('Health endpoints and metrics.')

const heartbeat = z
  .strictObject({
    intervalMs: z.int().min(100).default(5_000).describe('Real milliseconds, not market time.'),
  })
  .describe('How often each agent says that it is alive.')

export const sharedShape = {
  mode: mode.default('paper').describe('live trades real money.'),
  liveConfirmation: z
    .string()
    .optional()
    .describe(`For mode live, exactly: ${liveConfirmationPhrase}`),
  account: account.prefault({}),
  accounts: FurtherAccounts,
  venue: venue.prefault({}),
  symbols: z
    .array(MarketSymbol)
    .min(1)
    .max(200)
    .default(['BTC/USDT', 'ETH/USDT', 'SOL/USDT'])
    .describe('The markets that are watched and traded.'),
  timeframe: Timeframe.default('1m').describe('Length of a candle.'),
  bus: bus.prefault({}),
  ledger: ledger.prefault({}),
  marketStore: marketStore.prefault({}),
  simulator: simulator.prefault({}),
  logs: logs.prefault({}),
  http: http.prefault({}),
  heartbeat: heartbeat.prefault({}),
}

export const SharedConfigSchema = z.object(sharedShape)
export type SharedConfig = z.infer<typeof SharedConfigSchema>
