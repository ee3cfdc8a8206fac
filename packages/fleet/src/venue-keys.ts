// The keys of a venue where they are kept: another one is taken up while the one in use is refused, by every agent
// that has the venue, without a restart.
import type { AgentContext, Logger, Timer } from '@flotilla/runtime'
import type { Venue, VenueKeys } from '@flotilla/venue'
import { venueKeysOf } from './open-ports.ts'
import type { SharedConfig } from './shared-config.ts'

export type KeySource = {
  /** Reads them again; absent where there is nothing to read. */
  readonly settings?: (() => { readonly shared: SharedConfig }) | undefined
  /** Those that the agent was started with. */
  readonly shared: SharedConfig
  readonly logger: Logger
}

/** Null where nothing can be read again, or what is read makes no sense or speaks of another place. */
export function keysInSettings({ settings, shared, logger }: KeySource): VenueKeys | null {
  if (settings === undefined) return null
  try {
    const fresh = settings().shared
    const isOther = fresh.account.id !== shared.account.id
    const isElsewhere = (['id', 'kind', 'url', 'testnet'] as const).some(
      (key) => fresh.venue[key] !== shared.venue[key],
    )
    if (!isOther && !isElsewhere) return venueKeysOf(fresh)
    logger.error({}, 'another venue or account needs a restart, its keys are not used')
  } catch (err) {
    logger.error({ err }, 'changed settings not usable, going on with the old ones')
  }
  return null
}

/** Between two looks at a refused key, by the clock given. */
const LOOK_MS = 10_000

export function followKeys(
  venue: Pick<Venue, 'health' | 'useKeys'>,
  source: Omit<KeySource, 'logger'>,
  { clock, logger }: Pick<AgentContext, 'clock' | 'logger'>,
): Timer {
  return clock.every(LOOK_MS, () => {
    if (venue.health().keysRefused === null) return
    const keys = keysInSettings({ ...source, logger })
    if (keys === null || !venue.useKeys(keys)) return
    logger.info({}, 'other keys of the venue are used from now on')
  })
}
