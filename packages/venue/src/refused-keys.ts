// Keys that a venue has refused, for as long as this process lives: opened again with the same key, the venue is not
// asked again. Only a fingerprint is kept, of the key, its secret and where they were refused.
import { createHash } from 'node:crypto'

export type VenueKeys = { readonly apiKey: string; readonly secret: string }

/** Where keys are good: the same ones may be refused at one venue and taken at its test network. */
export type KeyPlace = {
  readonly kind: string
  readonly baseUrl?: string | undefined
  readonly testnet?: boolean | undefined
}

const refusals = new Map<string, string>()

/** The same for the same keys at the same place, and tells nothing of them. */
export function fingerprintOfKeys(place: KeyPlace, { apiKey, secret }: VenueKeys): string {
  const facts = [place.kind, place.baseUrl ?? '', place.testnet === true, apiKey, secret]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}

/** What the keys were refused with; null when they were not, or somebody said since that they are good. */
export function refusalOfKeys(fingerprint: string): string | null {
  return refusals.get(fingerprint) ?? null
}

export function rememberRefusal(fingerprint: string, words: string): void {
  refusals.set(fingerprint, words)
}

export function forgetRefusal(fingerprint: string): void {
  refusals.delete(fingerprint)
}
