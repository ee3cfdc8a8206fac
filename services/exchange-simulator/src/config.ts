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

const fees = z.strictObject({
  maker: decimal.default('0.001').describe('Share of what is received, as a resting order.'),
  taker: decimal.default('0.001').describe('Share of what is received, as an incoming order.'),
})

const limits = z.strictObject({
  weightPerMinute: z.int().min(1).default(6_000),
  ordersPerTenSeconds: z.int().min(1).default(100),
  ordersPerDay: z.int().min(1).default(200_000),
})

const control = z.strictObject({
  enabled: z.boolean().default(false).describe('Opens the port for tests: clock and ledger.'),
  port: z.int().min(0).max(65_535).default(0),
})

export const SimulatorConfigSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(0).describe('0 takes a free port.'),
  seed: z.int().min(0).default(1).describe('The same seed is the same market.'),
  speed: z.number().positive().max(100_000).default(1).describe('Market seconds per second.'),
  clock: z
    .enum(['running', 'manual'])
    .default('running')
    .describe('manual: market time moves only when it is told to.'),
  symbols: z.array(symbol).min(1).default(['BTC/USDT', 'ETH/USDT', 'SOL/USDT']),
  candles: z
    .array(z.string().min(1))
    .default([])
    .describe('CSV files of recorded candles, replayed instead of the seeded market.'),
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
  spreadBasisPoints: z.number().min(0).max(1_000).default(1),
  control: control.prefault({}),
})

export type SimulatorConfig = z.infer<typeof SimulatorConfigSchema>
export type SimulatorConfigInput = z.input<typeof SimulatorConfigSchema>
