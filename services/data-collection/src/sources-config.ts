import { MarketSymbol, VenueName } from '@flotilla/contracts'
import { VenueSettings } from '@flotilla/fleet'
import { z } from 'zod'

/** A venue beside the one that is traded. Public candles and prices need no keys; some venues' do. */
const SourceConfig = VenueSettings.omit({ id: true })
  .extend({
    symbols: z
      .array(MarketSymbol)
      .min(1)
      .max(200)
      .optional()
      .describe('Those that are watched there; the common symbols unless given.'),
  })
  .superRefine(({ kind, url }, context) => {
    if (kind !== 'simulator' || url !== undefined) return
    const fix = 'give the address of a running simulator, as http://127.0.0.1:9200'
    const issue = { path: ['url'], message: 'a simulator as a source needs it', params: { fix } }
    context.addIssue({ code: 'custom', ...issue })
  })

export const SourcesConfig = z
  .record(VenueName, SourceConfig)
  .default({})
  .describe('Venues beside the traded one, by name, for their candles and prices.')
export type SourcesConfig = z.infer<typeof SourcesConfig>
