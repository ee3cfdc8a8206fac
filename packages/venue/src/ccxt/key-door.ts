// A key that the venue refused is not tried again: each try would be refused too, and counted against us.
// Somebody has to change the key, or to say that it is good now.
import type { VenueLogger } from './venue-logger.ts'

export class KeyDoor {
  readonly #venueName: string
  readonly #logger: VenueLogger | undefined
  #refusal: string | null = null
  #waiting: (() => void)[] = []

  constructor(venueName: string, logger: VenueLogger | undefined) {
    this.#venueName = venueName
    this.#logger = logger
  }

  /** What the venue refused the key with, as a sentence that names the setting; null while it is good. */
  get refusal(): string | null {
    return this.#refusal
  }

  refuse(words: string): void {
    if (this.#refusal !== null) return
    this.#refusal =
      `${this.#venueName} refuses the API key (${words}); check venue.apiKey and venue.apiSecret ` +
      '(FLOTILLA_VENUE__API_KEY, FLOTILLA_VENUE__API_SECRET) and the permissions and addresses of the key'
    const facts = { venue: this.#venueName, refusal: this.#refusal }
    // The one clear message is the agents': they know what goes on without the key.
    this.#logger?.warn(facts, 'venue refuses the key, nothing signed is sent any more')
  }

  /** The key is tried again, once: if it is refused the door closes again. */
  open(): void {
    this.#refusal = null
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  whenOpen(over: AbortSignal): Promise<void> {
    if (this.#refusal === null || over.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      over.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}
