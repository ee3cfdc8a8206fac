// The keys with which we sign: whether the venue takes them, and where others come from when it does not. Keys that
// it refused are not tried again by themselves. When the settings have others, or a person says that these are good,
// one question proves them; until that is answered nothing else is sent with them.
import type { Logger } from '@flotilla/runtime'
import { keysInSettings } from '@flotilla/fleet'
import { VenueError, type Venue, type VenueKeys } from '@flotilla/venue'
import type { Deps } from './term.ts'

export function signingKeysOf(deps: Deps, onTaken: () => void): SigningKeys {
  const { venue, context, shared, settings: again } = deps
  const { logger } = context
  const settings = () => keysInSettings({ settings: again, shared, logger })
  return new SigningKeys({ venue, logger, settings, onTaken })
}

type KeysOptions = {
  readonly venue: Pick<Venue, 'health' | 'retryKeys' | 'useKeys' | 'fetchBalances'>
  readonly logger: Logger
  /** As the settings have them at this moment; null where they have none, or make no sense. */
  readonly settings: () => VenueKeys | null
  /** They were refused and are taken now. */
  readonly onTaken: () => void
}

export class SigningKeys {
  readonly #options: KeysOptions
  /** The refusal that was not disproved yet. */
  #unproven: string | null = null
  #proving = false

  constructor(options: KeysOptions) {
    this.#options = options
  }

  /** What the venue refuses our key with; null while it takes it. */
  get refusal(): string | null {
    return this.#options.venue.health().keysRefused ?? this.#unproven
  }

  /** Now and then: a refused key is noticed, and a new one in the settings as well. */
  look(): void {
    const { keysRefused } = this.#options.venue.health()
    if (keysRefused === null) {
      if (this.#unproven !== null) void this.#prove()
      return
    }
    this.#unproven = keysRefused
    this.#takeFromSettings()
  }

  /** The settings have changed, somebody says. */
  reload(): void {
    this.#unproven = this.refusal
    this.#takeFromSettings()
  }

  /** The keys are good, somebody says. */
  retry(): void {
    this.#unproven = this.refusal
    this.#options.venue.retryKeys()
    if (this.#unproven !== null) void this.#prove()
  }

  #takeFromSettings(): void {
    const { venue, logger, settings } = this.#options
    const keys = settings()
    if (keys === null || !venue.useKeys(keys)) return
    logger.info({}, 'other keys of the venue are used from now on')
    if (this.#unproven !== null) void this.#prove()
  }

  /** A venue that is away proves nothing: it is asked again at the next look. */
  async #prove(): Promise<void> {
    const { venue, logger, onTaken } = this.#options
    if (this.#proving) return
    this.#proving = true
    try {
      await venue.fetchBalances()
      if (venue.health().keysRefused !== null) return
      this.#unproven = null
      onTaken()
    } catch (err) {
      const isRefused = err instanceof VenueError && err.code === 'unauthorized'
      if (!isRefused) logger.warn({ err }, 'keys of the venue could not be proved')
    } finally {
      this.#proving = false
    }
  }
}
