// A key that the venue refused is not tried again: each try would be refused too, and counted against us.
// Somebody has to change the key, or to say that it is good now. That holds when the venue is opened anew with the
// same key as well: a reload of unchanged settings asks nothing.
import {
  fingerprintOfKeys,
  forgetRefusal,
  refusalOfKeys,
  rememberRefusal,
  type KeyPlace,
  type VenueKeys,
} from '../refused-keys.ts'
import type { VenueLogger } from './venue-logger.ts'

export type KeyDoorOptions = {
  /** Our name of the venue. */
  readonly name: string
  readonly place: KeyPlace
  /** Null without any: there is nothing to remember then. */
  readonly keys: VenueKeys | null
  readonly logger: VenueLogger | undefined
}

export class KeyDoor {
  readonly #options: KeyDoorOptions
  #keys: VenueKeys | null
  #refusal: string | null = null
  #waiting: (() => void)[] = []

  constructor(options: KeyDoorOptions) {
    this.#options = options
    this.#keys = options.keys
    this.#refusal = this.#remembered()
  }

  /** Those in use; null without any. */
  get keys(): VenueKeys | null {
    return this.#keys
  }

  /** What the venue refused the key with, as a sentence that names the setting; null while it is good. */
  get refusal(): string | null {
    return this.#refusal
  }

  /** `keys` are those that were sent: an answer to former ones says nothing of those in use. */
  refuse(words: string, keys: VenueKeys | null): void {
    const { name, logger } = this.#options
    const refusal =
      `${name} refuses the API key (${words}); check venue.apiKey and venue.apiSecret ` +
      '(FLOTILLA_VENUE__API_KEY, FLOTILLA_VENUE__API_SECRET) and the permissions and addresses of the key'
    const fingerprint = this.#fingerprint(keys)
    const isInUse = fingerprint === this.#fingerprint()
    if (isInUse && this.#refusal !== null) return
    if (fingerprint !== null) rememberRefusal(fingerprint, refusal)
    if (!isInUse) return
    this.#refusal = refusal
    const facts = { venue: name, refusal: this.#refusal }
    // The one clear message is the agents': they know what goes on without the key.
    logger?.warn(facts, 'venue refuses the key, nothing signed is sent any more')
  }

  /** The key is tried again, once: if it is refused the door closes again. */
  open(): void {
    const fingerprint = this.#fingerprint()
    if (fingerprint !== null) forgetRefusal(fingerprint)
    this.#letIn()
  }

  /** Other keys from now on; false when they are the same, for which nothing changes. */
  change(keys: VenueKeys): boolean {
    const before = this.#fingerprint()
    this.#keys = keys
    if (this.#fingerprint() === before) return false
    const remembered = this.#remembered()
    if (remembered === null) this.#letIn()
    else this.#refusal = remembered
    return true
  }

  whenOpen(over: AbortSignal): Promise<void> {
    if (this.#refusal === null || over.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      over.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #letIn(): void {
    this.#refusal = null
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #remembered(): string | null {
    const fingerprint = this.#fingerprint()
    return fingerprint === null ? null : refusalOfKeys(fingerprint)
  }

  #fingerprint(keys = this.#keys): string | null {
    return keys === null ? null : fingerprintOfKeys(this.#options.place, keys)
  }
}

/** Half a key is none. */
export function keysOf(given: {
  readonly apiKey?: string | undefined
  readonly secret?: string | undefined
}): VenueKeys | null {
  const { apiKey, secret } = given
  return apiKey === undefined || secret === undefined ? null : { apiKey, secret }
}
