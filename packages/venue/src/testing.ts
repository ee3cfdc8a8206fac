// What other packages' tests take from here: the fake venue.
export { createFakeVenue, type FakeVenue } from './fake/fake-venue.ts'
export type { FakeVenueCall, FakeVenueOptions } from './fake/fake-options.ts'
export type { Script, WriteMethod } from './fake/fake-scripts.ts'
export { symbolRules } from './fake/symbol-rules.ts'
