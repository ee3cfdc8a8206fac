import { z } from 'zod'

export const TrimConfig = z
  .strictObject({
    everyCycles: z
      .int()
      .min(0)
      .max(1_000)
      .default(3)
      .describe('Valuations between two looks at the exposure; 0 never trims.'),
    budgetMs: z
      .int()
      .min(1_000)
      .max(3_600_000)
      .default(75_000)
      .describe('Real milliseconds that the trims of one look may take.'),
    trimsMax: z
      .int()
      .min(1)
      .max(100)
      .default(3)
      .describe('Trims of one look before an alert says that it is looping.'),
  })
  .prefault({})
  .describe('Sells what exceeds exposureShareMax, the largest position first.')
export type TrimConfig = z.infer<typeof TrimConfig>
