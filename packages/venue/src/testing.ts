// What other packages' tests take from here: the fake venue.
export {
  createFakeVenue,
  type FakeVenue,
  type FakeVenueCall,
  type FakeVenueOptions,
  type Script,
  type WriteMethod,
} from './fake/fake-venue.ts'
export { symbolRules } from './fake/symbol-rules.ts'
