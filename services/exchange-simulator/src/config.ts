import { z } from 'zod'

/**
 * The simulator's settings. Each has a default, so that the single process needs none: a seeded market
 * of three symbols on a free port of the loopback.
 */
const asset = z.string().regex(/^[A-Z0-9]{1,20}$/, { error: 'is not an asset such as USDT' })

const symbol = z.string().regex(/^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/, {
  error: 'is not a symbol of the form BASE/QUOTE, as BTC/USDT',
})

const decimal = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((value) => /^\d{1,20}(\.\d{1,8})?$/.test(value), {
    error: 'is not a plain decimal of at most eight places',
  })

const moment = z.union([z.int().min(0), z.iso.datetime().transform((text) => Date.parse(text))])

const discount = z
  .strictObject({
    asset: asset.default('BNB'),
    share: decimal.default('0.75').describe('Share of the fee that remains.'),
    price: decimal
      .optional()
      .describe('In the quote asset; without it what the market of the two says.'),
  })
  .describe('Fees taken from this asset while the account has enough of it.')

const fees = z.strictObject({
  maker: decimal.default('0.001').describe('Share of what is received, as a resting order.'),
  taker: decimal.default('0.001').describe('Share of what is received, as an incoming order.'),
  discount: discount.optional(),
})

const rules = z.strictObject({
  reusedNames: z
    .enum(['latest', 'first'])
    .default('latest')
    .describe('Which of several orders that have ended answers to their client id.'),
  openOrders: z.int().min(1).optional().describe('The most open orders on all symbols together.'),
  positions: z
    .record(symbol, decimal)
    .default({})
    .describe('The most of a base asset that may be owned and ordered.'),
})

const limits = z.strictObject({
  weightPerMinute: z.int().min(1).default(6_000),
  rawRequestsPerFiveMinutes: z.int().min(1).default(300_000),
  ordersPerTenSeconds: z.int().min(1).default(100),
  ordersPerDay: z.int().min(1).default(200_000),
})

const control = z.strictObject({
  enabled: z.boolean().default(false).describe('Opens the port for tests: clock and ledger.'),
  port: z.int().min(0).max(65_535).default(0),
})

const follow = z.strictObject({
  venue: z
    .string()
    .regex(/^[a-z0-9]+$/, { error: 'is not a ccxt id such as kraken' })
    .describe('The venue whose public feed is followed, by its ccxt id.'),
  url: z
    .url({ protocol: /^https?$/, error: 'is not an address of the form http://host:port' })
    .optional()
    .describe('Where the venue is, if not where ccxt has it.'),
  historyMinutes: z.int().min(0).max(10_000).default(500),
  pollMs: z.int().min(100).max(60_000).default(1_000),
  silenceMaxMs: z
    .int()
    .min(100)
    .default(30_000)
    .describe('The market closes when the venue has been silent for so long.'),
})

const files = z.array(z.string().min(1)).default([])

const shape = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(0).describe('0 takes a free port.'),
  seed: z.int().min(0).default(1).describe('The same seed is the same market.'),
  speed: z.number().positive().max(100_000).default(1).describe('Market seconds per second.'),
  clock: z
    .enum(['running', 'manual'])
    .default('running')
    .describe('manual: market time moves only when it is told to.'),
  symbols: z.array(symbol).min(1).default(['BTC/USDT', 'ETH/USDT', 'SOL/USDT']),
  candles: files.describe('Files of recorded candles, replayed instead of the seeded market.'),
  trades: files.describe('Files of recorded trades, replayed instead of the seeded market.'),
  books: files.describe('Files of recorded order books, beside the trades.'),
  follow: follow.optional(),
  startAt: moment
    .optional()
    .describe('First market moment; without it now, or the recording after its history.'),
  historyMinutes: z
    .int()
    .min(0)
    .default(0)
    .describe('Recorded minutes that already lie in the past at the first moment.'),
  balances: z.record(asset, decimal).default({ USDT: '10000' }),
  apiKey: z
    .string()
    .regex(/^[A-Za-z0-9]+$/)
    .default('flotillaSimulatorKey'),
  apiSecret: z.string().min(1).default('flotillaSimulatorSecret'),
  fees: fees.prefault({}),
  limits: limits.prefault({}),
  rules: rules.prefault({}),
  legacyListenKey: z
    .boolean()
    .default(false)
    .describe('Serves the listen keys of old clients, which the exchange has retired.'),
  spreadBasisPoints: z.number().min(0).max(1_000).default(1),
  control: control.prefault({}),
})

/** Prices come from one place: the seed, candles, trades, or another venue. */
export const SimulatorConfigSchema = shape.superRefine((config, context) => {
  const complain = (path: string[], message: string): void =>
    context.addIssue({ code: 'custom', path, message })
  const { candles, trades, books, follow: followed, speed, clock } = config
  const sources = [candles.length > 0, trades.length > 0, followed !== undefined]
  if (sources.filter(Boolean).length > 1) {
    complain(['candles'], 'prices come from candles, trades or follow: keep one of them')
  }
  if (books.length > 0 && trades.length === 0) {
    complain(['books'], 'books need the trades of the same time: name their files in trades')
  }
  if (followed === undefined) return
  if (speed !== 1) complain(['speed'], `is ${speed}, but a live venue runs at 1: set it to 1`)
  if (clock !== 'running') complain(['clock'], 'is manual, but a live venue waits for nobody')
})

export type SimulatorConfig = z.infer<typeof SimulatorConfigSchema>
export type SimulatorConfigInput = z.input<typeof SimulatorConfigSchema>
