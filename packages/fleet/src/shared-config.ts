import { z } from 'zod'

/**
 * The part of flotilla.yaml that all agents share. Every setting has a default that is safe: paper
 * money, the simulator, this machine only. What one agent alone needs is in its own section.
 */

/** Live trading needs more than one wrong word in a file: this sentence, letter by letter. */
export const liveConfirmationPhrase = 'I accept that real money is traded'

/** Our own name of a market, `BASE/QUOTE`; the venue's spelling exists only in the venue package. */
const symbolPattern = /^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/

const symbol = z
  .string()
  .regex(symbolPattern, { error: 'is not a symbol of the form BASE/QUOTE, as BTC/USDT' })

/** A name that is safe in routing keys, file names and metric labels. */
const slug = z
  .string()
  .max(40)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, {
    error: 'must be lower-case letters, digits and single hyphens, as paper-1',
  })

const url = (protocols: RegExp, example: string) =>
  z.url({ protocol: protocols, error: `is not an address of the form ${example}` })

const milliseconds = z.int().min(1)

const account = z
  .strictObject({
    id: slug.default('main').describe('Name of the account in messages and in the ledger.'),
    currency: z
      .string()
      .regex(/^[A-Z0-9]{1,20}$/)
      .default('USDT')
      .describe('What the account is valued in.'),
  })
  .describe('The account that is traded.')

const venue = z
  .strictObject({
    kind: z
      .enum(['simulator', 'binance'])
      .default('simulator')
      .describe('The simulator that comes along, or a real exchange by its ccxt name.'),
    id: slug.default('simulator').describe('Name of the venue in messages and tables.'),
    url: url(/^https?$/, 'http://host:port')
      .optional()
      .describe('Address of the simulator; the single process starts its own and needs none.'),
    apiKey: z
      .string()
      .min(1)
      .optional()
      .describe('Better from the environment: FLOTILLA_VENUE__API_KEY or ..._API_KEY_FILE.'),
    apiSecret: z
      .string()
      .min(1)
      .optional()
      .describe('Better from the environment: FLOTILLA_VENUE__API_SECRET or ..._API_SECRET_FILE.'),
    testnet: z.boolean().default(false).describe("Use the exchange's own test network."),
  })
  .describe('Where is traded.')

const bus = z
  .strictObject({
    kind: z.enum(['in-process', 'rabbitmq']).default('in-process'),
    url: url(/^amqps?$/, 'amqp://user:password@host:5672')
      .optional()
      .describe('RabbitMQ; each agent may be given its own user by FLOTILLA_BUS__URL.'),
  })
  .describe('How the agents talk.')

const ledger = z
  .strictObject({
    kind: z
      .enum(['private', 'postgres'])
      .default('private')
      .describe('A private PostgreSQL that is started for you, or one of yours.'),
    url: url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/flotilla').optional(),
  })
  .describe('Where money, orders and positions are kept.')

const marketStore = z
  .strictObject({
    kind: z.enum(['sqlite', 'influxdb']).default('sqlite'),
    url: url(/^https?$/, 'http://host:8086')
      .optional()
      .describe('InfluxDB 2.'),
    token: z.string().min(1).optional().describe('InfluxDB token, better from the environment.'),
    organization: z.string().min(1).default('flotilla'),
    bucket: z.string().min(1).default('flotilla'),
  })
  .describe('Where candles and indicator values are kept.')

const simulator = z
  .strictObject({
    seed: z.int().min(0).default(1).describe('The same seed is the same market.'),
    speed: z
      .number()
      .positive()
      .max(100_000)
      .default(60)
      .describe('Market seconds per second; 60 shows a one-minute candle every second.'),
    candles: z
      .array(z.string().min(1))
      .default([])
      .describe('CSV files of recorded candles to replay instead of the seeded market.'),
    balances: z
      .record(z.string().regex(/^[A-Z0-9]{1,20}$/), decimalText())
      .default({ USDT: '10000' })
      .describe('What the paper account owns at the start.'),
    historyMinutes: z
      .int()
      .min(0)
      .max(60 * 24 * 30)
      .default(1_000)
      .describe('Market that lies before the first moment, so that indicators are warm at once.'),
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
  .describe('Log lines; never contain keys.')

const http = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Loopback unless told otherwise.'),
    port: z
      .int()
      .min(0)
      .max(65_535)
      .default(9_100)
      .describe('Health and metrics of an agent in its own process; 0 takes a free port.'),
  })
  .describe('Health endpoints and metrics.')

const heartbeat = z
  .strictObject({
    intervalMs: milliseconds.default(5_000).describe('Real milliseconds between heartbeats.'),
  })
  .describe('How often each agent says that it is alive.')

export const sharedShape = {
  mode: z.enum(['paper', 'live']).default('paper').describe('live trades real money.'),
  liveConfirmation: z
    .string()
    .optional()
    .describe(`For mode live, exactly: ${liveConfirmationPhrase}`),
  account: account.prefault({}),
  venue: venue.prefault({}),
  symbols: z
    .array(symbol)
    .min(1)
    .max(200)
    .default(['BTC/USDT', 'ETH/USDT', 'SOL/USDT'])
    .describe('The markets that are watched and traded.'),
  timeframe: z.enum(['1m', '5m', '15m', '1h']).default('1m').describe('Length of a candle.'),
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

/** A decimal as people write it in YAML, quoted or not; exact text from here on. */
function decimalText() {
  return z
    .union([z.string(), z.number()])
    .transform(String)
    .refine((value) => /^\d{1,30}(\.\d{1,18})?$/.test(value), {
      error: 'is not a plain decimal number, as 10000 or 84.54',
    })
}
