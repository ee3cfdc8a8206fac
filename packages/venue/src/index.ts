// The door of the package: the port and the adapter. The fake venue is in `@flotilla/venue/testing`.
export * from './port.ts'
export * from './errors.ts'
export { brokenOrderRule, brokenProtectionRule } from './validate.ts'
export { openCcxtVenue, type CcxtVenueOptions } from './ccxt/ccxt-venue.ts'
