// How the fake venue stands, until a test says otherwise.
import type { VenueHealth, VenueProfile } from '../port.ts'

export const allWell: VenueHealth = {
  keysRefused: null,
  pausedForMs: 0,
  usedWeight: 0,
  weightAllowed: 0,
  weightWindowMs: 60_000,
  clock: { aheadMs: 0, uncertaintyMs: 0 },
}

export const profile: VenueProfile = {
  clientOrderIdPattern: /^[a-zA-Z0-9-_]{1,36}$/,
  recvWindowMs: 5_000,
  engineTimeoutMs: 10_000,
  fillsFrom: 'trade-id',
  tellsTransfers: true,
}
