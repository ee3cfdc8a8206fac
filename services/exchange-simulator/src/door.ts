// Whose key opens the account. It can be changed while the exchange is open, as at a real one: from then on requests
// with the old key are refused, and counted for tests.
import type { SimulatorConfig } from './config.ts'

export type Keys = Pick<SimulatorConfig, 'apiKey' | 'apiSecret'>

export type Door = {
  readonly keys: Keys
  /** Requests that came with a key which does not open it. */
  readonly refusals: number
  change(keys: Keys): void
  noteRefusal(): void
}

export function createDoor({ apiKey, apiSecret }: Keys): Door {
  let keys: Keys = { apiKey, apiSecret }
  let refusals = 0
  return {
    get keys() {
      return keys
    },
    get refusals() {
      return refusals
    },
    change: (changed) => {
      keys = changed
    },
    noteRefusal: () => {
      refusals += 1
    },
  }
}
