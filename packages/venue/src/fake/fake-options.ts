// What a test says of the fake venue when it opens it, and what it is told of calls.
import type { DecimalInput } from '@flotilla/money'

import type { SymbolRules, Venue } from '../port.ts'

export type FakeVenueCall = { readonly method: keyof Venue; readonly argument: unknown }

export type FakeVenueOptions = {
  readonly name?: string
  readonly rules?: readonly SymbolRules[]
  readonly balances?: Readonly<Record<string, string>>
  readonly prices?: Readonly<Record<string, DecimalInput>>
  readonly now?: () => number
}
