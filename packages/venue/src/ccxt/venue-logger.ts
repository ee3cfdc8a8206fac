/** What the adapter needs of a logger; keys and signatures never reach it. */
export type VenueLogger = {
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}
