// The table of deaths: how a position is protected or left, what execution was doing then, how far it had come,
// and what became of it at the venue.
import { DEATH_POINTS, type DeathPoint, type Stored, type VenueCall } from './death.ts'
import type { FaultRequest } from './fault-client.ts'
import { deeds } from './kill-deeds.ts'

const OUTCOMES = ['landed', 'dropped', 'filled', 'partly'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What leads to a deed: a wish of a strategy, a jump of the market in percent, or time. */
export type Provocation = 'entry' | 'exit' | 'time' | { readonly percent: number }

export type Deed = {
  readonly mode: string
  readonly name: string
  readonly call: VenueCall
  /** How the name of what the call is about ends; empty for any. */
  readonly about: string
  /** What the commit before the call stores; null when it has none of its own. */
  readonly stored: Stored | null
  readonly request: { readonly method: string; readonly path: string; readonly nth?: number }
  /** What is asked for: an order that trades, one that rests, an end, or nothing that a book knows. */
  readonly kind: 'trade' | 'rest' | 'cancel' | 'other'
  readonly outcomes: readonly Outcome[]
  readonly points: readonly DeathPoint[]
  /** What has to be there before: something held, or nothing. */
  readonly from: 'flat' | 'held'
  readonly provocation: Provocation
  /** What befalls the venue beforehand, besides. */
  readonly lead: readonly FaultRequest[]
  /** Nothing rests because a sale is in doubt already. */
  readonly isDoubt: boolean
  /** In percent: what makes the market fill what rests; null where nothing does. */
  readonly fill: number | null
}

export type Death = {
  readonly deed: Deed
  readonly point: DeathPoint
  /** Null where nothing was sent. */
  readonly outcome: Outcome | null
  /** As a sentence. */
  readonly name: string
}

const fates: Readonly<Record<Outcome, string>> = {
  landed: 'which landed',
  dropped: 'which never arrived',
  filled: 'with all of it filled',
  partly: 'with a part of it filled',
}

const nothingIsSent: ReadonlySet<DeathPoint> = new Set(['before-commit', 'after-commit'])

/** Every point of every deed, with every outcome. */
export const allDeaths: readonly Death[] = deeds.flatMap((deed) =>
  DEATH_POINTS.filter((point) => deed.points.includes(point)).flatMap((point) =>
    nothingIsSent.has(point)
      ? [deathOf(deed, point, null)]
      : deed.outcomes.map((outcome) => deathOf(deed, point, outcome)),
  ),
)

function deathOf(deed: Deed, point: DeathPoint, outcome: Outcome | null): Death {
  const fate = outcome === null ? 'never sent' : fates[outcome]
  return { deed, point, outcome, name: `at "${point}" of ${deed.name}, ${fate}, loses nothing` }
}

/**
 * The pair's deaths are run in full in every run. Of each other deed one before anything is sent, one request that
 * never arrived and one that did are run, at points and with outcomes that take turns over the deeds;
 * `FLOTILLA_CHAOS=full` runs the whole table.
 */
export function deathsOf(mode: string, ...names: readonly string[]): readonly Death[] {
  const own = allDeaths.filter(
    ({ deed }) => deed.mode === mode && (names.length === 0 || names.includes(deed.name)),
  )
  const isWhole = process.env['FLOTILLA_CHAOS'] === 'full' || mode === 'pair'
  return isWhole ? own : own.filter(isItsTurn)
}

function isItsTurn({ deed, point, outcome }: Death): boolean {
  const turn = deeds.indexOf(deed)
  const points = deed.points.filter((each) => nothingIsSent.has(each) === (outcome === null))
  const inTurn = (ahead: number): boolean => points[(turn + ahead) % points.length] === point
  if (outcome === null || outcome === 'dropped') return inTurn(0)
  const arrived = deed.outcomes.filter((each) => each !== 'dropped')
  return arrived[turn % arrived.length] === outcome && inTurn(2)
}

/** What rests is filled by the market, after it was placed. */
export function isFilledByMarket({ deed, outcome }: Death): boolean {
  return deed.fill !== null && (outcome === 'filled' || outcome === 'partly')
}

/** What the venue does with the request; what keeps the answer back, if anything does, comes last. */
export function faultsOf(death: Death): FaultRequest[] {
  const strike = (kind: string, args = {}): FaultRequest => {
    return { kind, args, match: death.deed.request, count: 1 }
  }
  const isOpen = death.point === 'sent'
  if (death.outcome === 'dropped') {
    return [isOpen ? strike('F1', { fate: 'hang' }) : strike('F12', { status: 503 })]
  }
  const effects = effectsOf(death).map(({ kind, args }) => strike(kind, args))
  return isOpen ? [...effects, strike('F3')] : effects
}

/** Of an order that trades: nobody takes it, or only a part. Of what rests: the market takes a part later. */
const supplies: Readonly<Record<Deed['kind'], Partial<Record<Outcome, number>>>> = {
  trade: { landed: 0, partly: 0.5 },
  rest: { partly: 0.5 },
  cancel: { filled: 1, partly: 0.5 },
  other: {},
}

function effectsOf({ deed, outcome }: Death): { kind: string; args: Record<string, unknown> }[] {
  const fraction = outcome === null ? undefined : supplies[deed.kind][outcome]
  if (fraction === undefined) return []
  return [{ kind: deed.kind === 'cancel' ? 'F18' : 'F17', args: { fraction } }]
}
