// The table of deaths: what execution was doing, how far it had come, and what became of it at the venue.
import { DEATH_POINTS, type DeathPoint, type VenueCall } from './death.ts'
import type { FaultRequest } from './fault-client.ts'

const DEEDS = ['order', 'bracket', 'cancel', 'replace'] as const
type Deed = (typeof DEEDS)[number]

const OUTCOMES = ['landed', 'dropped', 'filled', 'partly'] as const
type Outcome = (typeof OUTCOMES)[number]

export type Death = {
  readonly deed: Deed
  readonly point: DeathPoint
  /** Null where nothing was sent. */
  readonly outcome: Outcome | null
}

const articles: Readonly<Record<Deed, string>> = {
  order: 'an',
  bracket: 'a',
  cancel: 'a',
  replace: 'a',
}

const outcomes: Readonly<Record<Outcome, string>> = {
  landed: 'which landed',
  dropped: 'which never arrived',
  filled: 'with all of it filled',
  partly: 'with a part of it filled',
}

/** The call that is the deed, and the order whose commit comes before it. */
export const calls: Readonly<
  Record<Deed, { readonly call: VenueCall; readonly leg: string; readonly state: string }>
> = {
  order: { call: 'placeOrder', leg: 'entry', state: 'submitting' },
  bracket: { call: 'placeProtection', leg: 'stop-loss', state: 'submitting' },
  cancel: { call: 'cancelProtection', leg: 'exit', state: 'created' },
  replace: { call: 'placeProtection', leg: 'stop-loss', state: 'submitting' },
}

const requests: Readonly<Record<Deed, { readonly method: string; readonly path: string }>> = {
  order: { method: 'POST', path: 'order' },
  bracket: { method: 'POST', path: 'orderList/*' },
  cancel: { method: 'DELETE', path: 'orderList' },
  replace: { method: 'POST', path: 'orderList/*' },
}

const nothingIsSent: ReadonlySet<DeathPoint> = new Set(['before-commit', 'after-commit'])

const deaths: readonly Death[] = DEEDS.flatMap((deed) =>
  DEATH_POINTS.flatMap((point): Death[] =>
    nothingIsSent.has(point)
      ? [{ deed, point, outcome: null }]
      : OUTCOMES.map((outcome) => ({ deed, point, outcome })),
  ),
)

/** The deaths at some deeds, with what is asked of each as a sentence. */
export function deathsOf(...deeds: readonly Deed[]): (Death & { readonly name: string })[] {
  return deaths
    .filter(({ deed }) => deeds.includes(deed))
    .map((death) => {
      const fate = death.outcome === null ? 'never sent' : outcomes[death.outcome]
      return {
        ...death,
        name: `at "${death.point}" of ${articles[death.deed]} ${death.deed}, ${fate}, loses nothing`,
      }
    })
}

/** Of a pair the target is filled by the market, after it was placed. */
export function isFilledByMarket({ deed, outcome }: Death): boolean {
  const isPair = deed === 'bracket' || deed === 'replace'
  return isPair && (outcome === 'filled' || outcome === 'partly')
}

/** What the venue does with the request; what keeps the answer back, if anything does, comes last. */
export function faultsOf(death: Death): FaultRequest[] {
  const strike = (kind: string, args = {}): FaultRequest => {
    return { kind, args, match: requests[death.deed], count: 1 }
  }
  const isOpen = death.point === 'sent'
  if (death.outcome === 'dropped') {
    return [isOpen ? strike('F1', { fate: 'hang' }) : strike('F12', { status: 503 })]
  }
  const effects = effectsOf(death).map(({ kind, args }) => strike(kind, args))
  return isOpen ? [...effects, strike('F3')] : effects
}

function effectsOf({ deed, outcome }: Death): { kind: string; args: Record<string, unknown> }[] {
  if (deed === 'cancel') {
    const fraction = { filled: 1, partly: 0.5, landed: 0, dropped: 0 }[outcome ?? 'landed']
    return fraction === 0 ? [] : [{ kind: 'F18', args: { fraction } }]
  }
  // An entry that nobody sells to lands and ends unfilled.
  if (deed === 'order' && outcome === 'landed') return [{ kind: 'F17', args: { fraction: 0 } }]
  return outcome === 'partly' ? [{ kind: 'F17', args: { fraction: 0.5 } }] : []
}
