// A stop of entries as execution keeps it in the ledger: while it is in force in its memory, and with each order
// that it was the reason not to send.
import { EntryStopCause } from '@flotilla/contracts'
import type { Json } from '@flotilla/ledger'
import { z } from 'zod'

const KeptStopSchema = z.object({
  cause: EntryStopCause,
  /** Every symbol of this asset is meant; null when all symbols are. */
  asset: z.string().nullable(),
  /** Epoch milliseconds of market time. */
  since: z.number(),
  reason: z.string(),
})
export type KeptStop = Readonly<z.infer<typeof KeptStopSchema>>

/** Under such a key execution remembers each of them that is in force. */
export const keptStopPrefix = 'own-stop:'

export function keptStopKey({ cause, asset }: Pick<KeptStop, 'cause' | 'asset'>): string {
  return `${keptStopPrefix}${cause}:${asset ?? '*'}`
}

/** Null for anything else than a stop. */
export function keptStopOf(stored: Json): KeptStop | null {
  return KeptStopSchema.safeParse(stored).data ?? null
}

const WithStops = z.object({ stops: z.array(KeptStopSchema) })

/** Those that were in force when an order was not sent, as its row tells; none where nothing was recorded. */
export function stopsOfOrder(details: Json): readonly KeptStop[] {
  return WithStops.safeParse(details).data?.stops ?? []
}
