// The door of the package: the port and the adapter. The fake venue is in `@flotilla/venue/testing`.
export * from './port.ts'
export * from './convert.ts'
export * from './market-stream.ts'
export * from './errors.ts'
export { quoteVolume24hOf, VolumeUnitError } from './quote-volume.ts'
export { brokenOrderRule, brokenProtectionRule } from './validate.ts'
export { openSpotVenue, type SpotVenueOptions } from './ccxt/exchange-venue.ts'
export {
  venueKinds,
  venueRows,
  venueSymbol,
  whyNoConvert,
  type VenueKind,
  type VenueRow,
} from './venue-rows.ts'
export { openBinanceVenue, type BinanceVenueOptions } from './ccxt/binance-venue.ts'
export type { VenueKeys } from './refused-keys.ts'
export { streamsNeedKeys } from './ccxt/watch-rows.ts'
