import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import { distance, share } from './config-fields.ts'
import { isTimeZone, type DrawdownLimits } from './core/index.ts'

export const DayStartConfig = z
  .strictObject({
    at: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not a time of the day, as 17:00')
      .default('00:00')
      .describe('Time of the wall clock.'),
    zone: z
      .string()
      .refine(isTimeZone, { error: 'is not a time zone, as Europe/Berlin' })
      .default('UTC')
      .describe('Whose wall clock: an IANA time zone.'),
  })
  .prefault({})
  .describe('When a trading day begins.')

const fields = z.strictObject({
  defenseAt: distance
    .default('0.10')
    .describe('Share below the peak at which entries become smaller.'),
  defenseUntil: distance.default('0.05').describe('Share below the peak at which they are whole.'),
  haltAt: distance.default('0.20').describe('Share below the peak at which entries end.'),
  haltUntil: distance.default('0.15').describe('Share below the peak at which they begin again.'),
  defenseFactor: share.default('0.5').describe('What a size is multiplied with in defense.'),
})
type DrawdownConfig = z.infer<typeof fields>

export const DrawdownConfig = fields
  .refine(isOrdered, {
    error: 'must be defenseUntil < defenseAt < haltAt and defenseUntil <= haltUntil < haltAt',
  })
  .prefault({})
  .describe('Regimes by how far the account is below its peak.')

function isOrdered(config: DrawdownConfig): boolean {
  const { defenseAt, defenseUntil, haltAt, haltUntil } = drawdownOf(config)
  const enters = defenseUntil.lessThan(defenseAt) && defenseAt.lessThan(haltAt)
  return enters && defenseUntil.atMost(haltUntil) && haltUntil.lessThan(haltAt)
}

export function drawdownOf(config: DrawdownConfig): DrawdownLimits {
  return {
    defenseAt: Decimal.from(config.defenseAt),
    defenseUntil: Decimal.from(config.defenseUntil),
    haltAt: Decimal.from(config.haltAt),
    haltUntil: Decimal.from(config.haltUntil),
    defenseFactor: Decimal.from(config.defenseFactor),
  }
}
