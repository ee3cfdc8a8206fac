// The ways in which execution dies in the table of deaths, and what is said between the process that dies
// and the one that looks on.

/** The steps of changing something at the venue, each of which can be the last one of a process. */
export const DEATH_POINTS = [
  /** What is to be done is decided and not stored. */
  'before-commit',
  /** It is stored and not sent. */
  'after-commit',
  /** It is sent and not answered. */
  'sent',
  /** It is answered, and the answer is not stored. */
  'answered',
  /** The answer is stored and not said. */
  'stored',
  /** It is said and not noted as said. */
  'said',
] as const
export type DeathPoint = (typeof DEATH_POINTS)[number]

export const VENUE_CALLS = [
  'placeOrder',
  'placeProtection',
  'cancelOrder',
  'cancelProtection',
  'quote',
  'accept',
  'query',
] as const
export type VenueCall = (typeof VENUE_CALLS)[number]

/** What the commit that precedes a call stores: an order of that name in that state, or a memory of that name. */
export type Stored =
  | { readonly order: string; readonly state: string }
  | { readonly memory: string }

export type Doom = {
  readonly point: DeathPoint
  readonly call: VenueCall
  /** How the name of what the call is about ends: leg and attempt; empty for any. */
  readonly about: string
  readonly stored: Stored | null
}

export type Place = {
  readonly venueUrl: string
  readonly databaseUrl: string
  readonly amqpUrl: string
  readonly now: number
  readonly folder: string
  /** Further settings of execution, as YAML. */
  readonly settings: string
}

export type Command =
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'rest' }
  | { readonly kind: 'doom'; readonly doom: Doom }
  | { readonly kind: 'stop' }

/** Every command is answered when it is done; `ready` comes by itself. */
export type Report = { readonly kind: 'ready' | 'done' }
