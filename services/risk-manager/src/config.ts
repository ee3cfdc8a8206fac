import { Decimal } from '@flotilla/money'
import type { SharedConfig } from '@flotilla/fleet'
import { timeframeMs } from '@flotilla/contracts'
import { z } from 'zod'
import { amount, distance, share } from './config-fields.ts'
import { BudgetsConfig, budgetsOf, PrioritiesConfig } from './config-budgets.ts'
import { DayStartConfig, DrawdownConfig, drawdownOf } from './config-standing.ts'
import { CapsConfig, capsOf, ProtectionsConfig, protectionsOf } from './config-protections.ts'
import { TrimConfig } from './config-trim.ts'
import { SizingConfig, sizingOf } from './config-sizing.ts'
import { contradictionsOf } from './config-contradictions.ts'
import type { Limits } from './core/index.ts'

const fields = z.strictObject({
  confidenceMin: z
    .number()
    .min(0)
    .max(100)
    .default(50)
    .describe('Entries below this confidence are denied; exits never are.'),
  priceAgeMaxMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(300_000)
    .describe('Market milliseconds after which a price is too old for an entry.'),
  balanceShare: share
    .default('0.8')
    .describe('Share of the quote balance that one entry takes; the caps may leave less of it.'),
  shareOf: z
    .enum(['balance', 'available'])
    .default('balance')
    .describe('balance: of all that is held; available: of what is not reserved.'),
  moneyScales: z
    .record(z.string().regex(/^[A-Z0-9]{1,20}$/), z.int().min(0).max(18))
    .default({ USD: 2, USDT: 2, USDC: 2, FDUSD: 2, EUR: 2 })
    .describe('Digits after the point to which an amount of money is reserved.'),
  sizing: SizingConfig,
  slippageMax: distance
    .default('0.005')
    .describe('How much above the reference price an entry may be filled.'),
  stopLossShare: distance
    .default('0.05')
    .describe('Distance of the stop where the strategy suggests none.'),
  takeProfitShare: distance
    .default('0.1')
    .describe('Distance of the take-profit where the strategy suggests none.'),
  raiseToMinimum: z
    .boolean()
    .default(true)
    .describe("Raise a size below the venue's minimum to it when money and limits allow."),
  notionalMinDefault: amount
    .default('5')
    .describe('Smallest value of an order where the venue names none.'),
  exposureShareMax: share
    .default('0.25')
    .describe('Positions and entries on their way, as a share of the value of the account.'),
  dayStart: DayStartConfig,
  dailyLossMax: share
    .default('0.05')
    .describe('Loss since the day began, as a share of the account then, that ends entries.'),
  drawdown: DrawdownConfig,
  protections: ProtectionsConfig,
  caps: CapsConfig,
  trim: TrimConfig,
  budgets: BudgetsConfig,
  priorities: PrioritiesConfig,
  batchWindowMs: z
    .int()
    .min(0)
    .max(1_000)
    .default(0)
    .describe('Real milliseconds in which intents are gathered, to be decided the best first.'),
  openPositionsMax: z.int().min(1).max(10_000).default(5).describe('Symbols held at once.'),
  addToPositions: z
    .boolean()
    .default(false)
    .describe('Allow an entry into a symbol that is held or on its way.'),
  rulesRefreshMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(3_600_000)
    .describe("Market milliseconds between two looks at the venue's rules."),
  equityIntervalMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(300_000)
    .describe('Market milliseconds between two valuations of the account.'),
  reservationGraceMs: z
    .int()
    .min(60_000)
    .max(86_400_000)
    .default(600_000)
    .describe(
      'Market milliseconds after its expiry that an approval without an order is withdrawn.',
    ),
  leaseMs: z
    .int()
    .min(1_000)
    .max(600_000)
    .default(10_000)
    .describe('After so many real milliseconds of silence a standby takes over.'),
})

export const RiskManagerConfig = fields
  .superRefine((config, context) => {
    for (const { path, message, fix } of contradictionsOf(config)) {
      context.addIssue({ code: 'custom', path: [...path], message, params: { fix } })
    }
  })
  .describe('risk-manager: sizes, limits and the reservation of capital.')
export type RiskManagerConfig = z.infer<typeof RiskManagerConfig>

/** @param marketVenue the venue that intents name, where that is not the account's own. */
export function limitsOf(
  config: RiskManagerConfig,
  shared: SharedConfig,
  marketVenue = shared.venue.id,
): Limits {
  return {
    venue: marketVenue,
    symbols: new Set(shared.symbols),
    confidenceMin: config.confidenceMin,
    priceAgeMaxMs: config.priceAgeMaxMs,
    balanceShare: Decimal.from(config.balanceShare),
    shareOf: config.shareOf,
    moneyScales: new Map(Object.entries(config.moneyScales)),
    sizing: sizingOf(config.sizing, { candleMs: timeframeMs[shared.timeframe] }),
    slippageMax: Decimal.from(config.slippageMax),
    stopLossShare: Decimal.from(config.stopLossShare),
    takeProfitShare: Decimal.from(config.takeProfitShare),
    raiseToMinimum: config.raiseToMinimum,
    notionalMinDefault: Decimal.from(config.notionalMinDefault),
    exposureShareMax: Decimal.from(config.exposureShareMax),
    dayStart: config.dayStart,
    dailyLossMax: Decimal.from(config.dailyLossMax),
    drawdown: drawdownOf(config.drawdown),
    protections: protectionsOf(config.protections),
    caps: capsOf(config.caps),
    budgets: budgetsOf(config.budgets),
    openPositionsMax: config.openPositionsMax,
    addToPositions: config.addToPositions,
  }
}
