// The venue as the agents of the scenarios reach it: the adapter of live trading, over the wire.
import { openBinanceVenue, type Venue } from '@flotilla/venue'

export const venueKeys = { apiKey: 'chaosKey', apiSecret: 'chaosSecret' }

/** Real time after which a request that hangs is given up. */
const TIMEOUT_MS = 400

export function openChaosVenue(
  url: string,
  clock: { now(): number },
  timeoutMs = TIMEOUT_MS,
): Promise<Venue> {
  return openBinanceVenue({
    name: 'simulator',
    baseUrl: url,
    apiKey: venueKeys.apiKey,
    secret: venueKeys.apiSecret,
    clock,
    timeoutMs,
    weightPerMinute: 0,
  })
}
