// From the configuration to the core's settings: durations that wait for a network or a person are
// stretched by the speed of the market's clock.
import type { SharedConfig } from '@flotilla/fleet'
import { Decimal } from '@flotilla/money'
import { whyNoConvert, type Venue, type VenueProfile } from '@flotilla/venue'
import type { ExecutionConfig } from './config.ts'
import type { ExitPlan, Settings } from './core/index.ts'

const ASK_DELAYS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 60_000]
const RETRY_DELAYS_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 60_000]
/** Longer together than a copy at the venue lags behind. */
const NOT_FOUND_TIMES = 3
const NOT_FOUND_SPACING_MS = 1_000
/** Fills are looked up from so long before the last look: venues answer from copies that lag. */
const FILL_MARGIN_MS = 60_000
/** Two candles of the usual length: older prices close no position. */
const PRICE_FRESH_MS = 180_000

export function settingsOf(
  config: ExecutionConfig,
  profile: VenueProfile,
  stretch: number,
): Settings {
  const scaled = (ms: number) => Math.ceil(ms * stretch)
  return {
    protectionDeadlineMs: scaled(config.protectionDeadlineMs),
    protectionAttemptsMax: config.protectionAttempts,
    exitAttemptsMax: config.exitAttempts,
    pollMs: scaled(config.pollMs),
    pollFollowedMs: scaled(Math.max(config.pollMs, config.pollFollowedMs)),
    askDelaysMs: ASK_DELAYS_MS.map(scaled),
    retryDelaysMs: RETRY_DELAYS_MS.map(scaled),
    recvWindowMs: scaled(profile.recvWindowMs),
    engineTimeoutMs: scaled(profile.engineTimeoutMs),
    skewMs: scaled(config.skewMs),
    notFoundTimes: NOT_FOUND_TIMES,
    notFoundSpacingMs: scaled(NOT_FOUND_SPACING_MS),
    sweepMs: scaled(config.sweepMs),
    fillMarginMs: scaled(FILL_MARGIN_MS),
    fillsById: profile.fillsFrom === 'trade-id',
    priceFreshMs: PRICE_FRESH_MS,
    protection: config.protection === 'auto' ? 'pair' : config.protection,
    attachExits: config.attachExits,
    keepsRemainder: config.entryRemainder === 'keep',
    stopLimitDistance: exact(config.stopLimitDistance),
    gapMs: scaled(config.gapMs),
    supervisionMs: scaled(config.supervisionMs),
    convert: config.convert !== 'off',
    convertEntries: config.convert === 'all',
    pacing: pacingOf(config.pacing),
    exits: exitPlanOf(config.exits),
  }
}

/** What is wished for and cannot be had at the venue. */
export function warningsOf({ convert }: ExecutionConfig, { venue }: SharedConfig): string[] {
  if (convert === 'off' || venue.kind === 'simulator') return []
  const why = whyNoConvert(venue.kind, venue.testnet)
  if (why === null) return []
  const words = `execution.convert: ${convert} does nothing at ${venue.kind}: ${why}`
  return [`${words}; orders go to its book. Set it to off`]
}

/** Not every venue converts, whatever is wished for. */
export function offeredBy(venue: Pick<Venue, 'convert'>, settings: Settings): Settings {
  if (venue.convert !== undefined) return settings
  return { ...settings, convert: false, convertEntries: false }
}

function pacingOf({ notionalMin, slices, durationMs }: ExecutionConfig['pacing']) {
  return notionalMin === null ? null : { notionalMin: exact(notionalMin), slices, durationMs }
}

function exitPlanOf({ trailing, ladder, holdingMsMax }: ExecutionConfig['exits']): ExitPlan | null {
  if (trailing === null && ladder.length === 0 && holdingMsMax === null) return null
  return {
    trailing:
      trailing === null
        ? null
        : { activation: exact(trailing.activation), distance: exact(trailing.distance) },
    ladder: ladder.map(({ gain, share }) => ({ gain: exact(gain), share: exact(share) })),
    holdingMsMax,
  }
}

/** A number as it was written in the file: none of them is so small that it has an exponent. */
function exact(number: number): Decimal {
  return Decimal.from(String(number))
}

/** Milliseconds of the market in one of the wall: only the simulator's market runs faster. */
export function stretchOf(shared: SharedConfig): number {
  return shared.venue.kind === 'simulator' ? Math.max(1, shared.simulator.speed) : 1
}
