// The table of faults for the other ways of protecting: every fault kind of the simulator against every call
// that each of them makes, in every state in which it makes it. What the pair does is in `fault-table.ts`.
import { CALL_STATES, type CallState } from './call-log.ts'
import { argumentsOf, courseOf, FAULT_KINDS, happens, type Cell } from './fault-table.ts'

/**
 * The exits come with the entry; a stop rests and the target is watched; the same with a stop that needs a
 * limit; nothing rests and both are watched; the rest of an entry stays in the book while its part has a pair.
 */
export const MODES = ['attached', 'stop', 'stop-limit', 'supervised', 'kept'] as const
export type Mode = (typeof MODES)[number]

export const settingsOf: Readonly<Record<Mode, string>> = {
  attached: 'attachExits: true',
  stop: 'protection: stop',
  'stop-limit': 'protection: stop-limit',
  supervised: 'protection: supervised',
  kept: 'entryRemainder: keep',
}

/** What execution asks of the venue in these modes. */
export const CALLS = [
  'enter',
  'ask-entry',
  'protect',
  'ask-protection',
  'watch',
  'cancel',
  'sell',
  'ask-sale',
] as const
export type Call = (typeof CALLS)[number]

export type Station = {
  readonly call: Call
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
}

export const post = (call: Call, path = 'order'): Station => ({ call, method: 'POST', path })
const get = (call: Call, path = 'order'): Station => ({ call, method: 'GET', path })
export const remove = (path: string): Station => ({ call: 'cancel', method: 'DELETE', path })

const watch = get('watch', 'ticker/24hr')

const sales = {
  exiting: post('sell'),
  'exit-unknown': get('ask-sale'),
  closing: post('sell'),
  'part-selling': 'no part of the target is taken by itself: see the table of further ways out',
} as const

const lone: Readonly<Record<CallState, Station | string>> = {
  ...sales,
  submitting: post('enter'),
  unknown: get('ask-entry'),
  'part-held': post('protect'),
  protecting: post('protect'),
  'protection-unknown': get('ask-protection'),
  'coming-to-life': 'no exits come with the entry',
  protected: get('ask-protection'),
  'partially-filled': post('sell'),
  watching: watch,
  replacing: post('protect'),
  canceling: remove('order'),
}

const AS_STOP = 'the same request as beside a stop without a limit: see there'
const AS_PAIR = 'the rest of the entry has gone before, or changes nothing: table of pairs'

const NOTHING_RESTS = 'nothing rests at the venue that could be placed, asked about or taken away'

/** The request of each state in each mode; or why there is none. */
export const stations: Readonly<Record<Mode, Readonly<Record<CallState, Station | string>>>> = {
  stop: lone,
  'stop-limit': {
    ...lone,
    submitting: AS_STOP,
    unknown: AS_STOP,
    exiting: AS_STOP,
    'exit-unknown': AS_STOP,
  },
  kept: {
    ...sales,
    submitting: post('enter'),
    unknown: get('ask-entry'),
    'part-held': post('protect', 'orderList/*'),
    protecting: AS_PAIR,
    'protection-unknown': AS_PAIR,
    'coming-to-life': 'no exits come with the entry',
    protected: get('ask-entry'),
    'partially-filled': AS_PAIR,
    watching: 'a pair needs no watching',
    replacing: post('protect', 'orderList/*'),
    canceling: remove('order'),
    exiting: AS_PAIR,
    'exit-unknown': AS_PAIR,
    closing: AS_PAIR,
  },
  attached: {
    ...sales,
    submitting: post('enter', 'orderList/*'),
    unknown: get('ask-entry', 'orderList'),
    'part-held': 'fill-or-kill: an entry is filled whole or not at all',
    protecting: 'the exits come with the entry: what is placed by hand replaces them',
    'protection-unknown': 'entry and exits are one list, in doubt together: unknown',
    'coming-to-life': get('ask-protection', 'orderList'),
    protected: get('ask-protection', 'orderList'),
    'partially-filled': 'a target that has come to life is as that of any pair: table of pairs',
    watching: 'a pair needs no watching',
    replacing: post('protect', 'orderList/*'),
    canceling: remove('orderList'),
  },
  supervised: {
    ...sales,
    submitting: post('enter'),
    unknown: get('ask-entry'),
    'part-held': watch,
    protecting: NOTHING_RESTS,
    'protection-unknown': NOTHING_RESTS,
    'coming-to-life': NOTHING_RESTS,
    protected: NOTHING_RESTS,
    'partially-filled': NOTHING_RESTS,
    watching: watch,
    replacing: NOTHING_RESTS,
    canceling: NOTHING_RESTS,
  },
}

type Place = { readonly mode: string; readonly state: CallState }

type Meeting = {
  readonly meets: (station: Station, place: Place) => boolean
  readonly otherwise: string
}

const isProtecting: Meeting['meets'] = ({ call }, { mode }) =>
  call === 'protect' || (call === 'enter' && mode === 'attached')

const QUIET = 'nothing happens during the call of which the stream could tell'

/** The end of a rest is told when its cancel is over already: what follows from that is a matter of lists. */
const told: Meeting = {
  meets: ({ method }, { mode, state }) =>
    state === 'protected' || (method !== 'GET' && !(mode === 'kept' && state === 'canceling')),
  otherwise: QUIET,
}

/** Kinds that only some requests can meet, and why the others cannot. */
const meetings: Readonly<Record<string, Meeting>> = {
  F15: {
    meets: ({ method, path }) => method === 'GET' && path === 'order',
    otherwise: 'no order is asked for by its name',
  },
  F16: {
    meets: ({ method, path }, { state }) =>
      method === 'GET' && (path === 'orderList' || (path === 'order' && state !== 'protected')),
    otherwise: 'nothing of which the venue keeps copies that lag is read: lists, orders, trades',
  },
  F17: {
    meets: ({ method }) => method === 'POST',
    otherwise: 'no order is placed, so that none can be filled in part',
  },
  F18: {
    meets: ({ call }) => call === 'cancel',
    otherwise: 'no cancel is out that a fill could overtake',
  },
  F19: { meets: isProtecting, otherwise: 'no protection is being placed' },
  F20: { meets: isProtecting, otherwise: 'strikes when a protection is placed' },
  F21: { meets: isProtecting, otherwise: 'strikes when a protection is placed' },
  F24: told,
  F25: told,
  F26: told,
  F27: told,
}

/** Null when the three can meet: then there is a cell. */
export function exclusionIn(mode: Mode, kind: string, state: CallState): string | null {
  const station = stations[mode][state]
  return typeof station === 'string' ? station : unmet(kind, station, { mode, state })
}

/** Why a kind cannot strike a request; null when it can. */
export function unmet(kind: string, station: Station, place: Place): string | null {
  const meeting = meetings[kind]
  return meeting === undefined || meeting.meets(station, place) ? null : meeting.otherwise
}

export type ModeCell = Cell & { readonly mode: Mode; readonly call: Call }

/** All there are. */
export const allModeCells: readonly ModeCell[] = MODES.flatMap((mode) =>
  FAULT_KINDS.flatMap((kind) =>
    CALL_STATES.flatMap((state, index) =>
      exclusionIn(mode, kind, state) === null ? [cellOf({ mode, kind, state, index })] : [],
    ),
  ),
)

/**
 * The states in which a mode makes the same call take turns over the kinds: each kind meets each call of each
 * mode, and each state is met. `FLOTILLA_CHAOS=full` runs every cell.
 */
export const modeCells: readonly ModeCell[] =
  process.env['FLOTILLA_CHAOS'] === 'full' ? allModeCells : allModeCells.filter(isItsTurn)

function isItsTurn(cell: ModeCell): boolean {
  const { mode, kind, call } = cell
  const turns = allModeCells.filter(
    (each) => each.mode === mode && each.kind === kind && each.call === call,
  )
  const turn = Number(kind.slice(1)) + MODES.indexOf(mode)
  return turns[turn % turns.length] === cell
}

type Spot = { mode: Mode; kind: string; state: CallState; index: number }

/** Only then a target is filled in part, a stop executed in part, or rejected at its activation. */
function moveOf({ mode, kind }: Spot, { call }: Station): number | null {
  if (call !== 'protect' || (kind !== 'F17' && kind !== 'F21')) return null
  return mode === 'attached' && kind === 'F17' ? 2.5 : -4
}

function cellOf(spot: Spot): ModeCell {
  const { mode, kind, state, index } = spot
  const station = stations[mode][state]
  if (typeof station === 'string') throw new Error(`${mode} makes no call while ${state}`)
  const { call } = station
  return { mode, call, ...strike(station, { kind, state, index, move: moveOf(spot, station) }) }
}

type Strike = Pick<Cell, 'kind' | 'state' | 'move'> & { readonly index: number }

/** The fault that strikes that request in that state, and what follows from it. */
export function strike({ method, path }: Station, { kind, state, index, move }: Strike): Cell {
  const args = kind === 'F15' && state === 'protected' ? {} : argumentsOf(kind, index)
  const isSearch = kind === 'F16' && path === 'order'
  const request = { method, path: isSearch ? 'openOrders' : path }
  const match = happens.has(kind) ? { path: '*' } : request
  const fault = { kind, args, match, count: 1 }
  const isLate = !(happens.has(kind) && state === 'protected')
  return { kind, state, fault, isLate, ...courseOf(fault, move) }
}
