// The table of what can go wrong when: every fault kind of the simulator against every state of an order's
// life. A pair is a cell that is run, or it is excluded for a reason that is written here.
import type { OrderState } from '@flotilla/contracts'
import { LIFE_STATES, type CallState, type LifeState } from './call-log.ts'
import type { FaultRequest } from './fault-client.ts'

export const FAULT_KINDS = Array.from({ length: 28 }, (_, index) => `F${index + 1}`)

export type Cell<State extends CallState = CallState> = {
  readonly kind: string
  readonly state: State
  readonly fault: FaultRequest
  /** What the market does after the fault has struck, in percent at the next minute. */
  readonly move: number | null
  /** Market milliseconds until the fault is healed. */
  readonly lastsMs: number
  /** Real milliseconds that the venue asks everybody to wait. */
  readonly pauseMs: number
  /** Market milliseconds for which the venue holds the request or its answer back. */
  readonly holdsMs: number
  /** What makes an outcome unknown where the state asks for it. */
  readonly loss: 'landed' | 'dropped'
  /** It strikes what the stream tells: something has to happen. */
  readonly happens: boolean
  /** It is set with the first call of the state: before that it would strike another one. */
  readonly isLate: boolean
}

const ENDED = 'ended: execution makes no request about it any more'

/** Where the states of the order's own life table are met, or why they are not. */
export const metIn: Readonly<Record<OrderState, readonly LifeState[] | string>> = {
  // An exit is stored and waits while the protection is taken away.
  created: ['canceling'],
  submitting: ['submitting', 'protecting', 'replacing', 'exiting', 'closing'],
  unknown: ['unknown', 'protection-unknown', 'exit-unknown'],
  accepted: ['protected', 'canceling'],
  'partially-filled': ['partially-filled'],
  filled: ENDED,
  rejected: ENDED,
  canceled: ENDED,
  expired: ENDED,
  'not-placed': ENDED,
}

type Match = { readonly method: string; readonly path: string }

/** The request that is made in each state, and that a fault can strike there. */
const requests: Readonly<Record<LifeState, Match>> = {
  submitting: { method: 'POST', path: 'order' },
  unknown: { method: 'GET', path: 'order' },
  protecting: { method: 'POST', path: 'orderList/*' },
  'protection-unknown': { method: 'GET', path: 'orderList' },
  protected: { method: 'GET', path: 'orderList' },
  'partially-filled': { method: 'DELETE', path: 'orderList' },
  canceling: { method: 'DELETE', path: 'orderList' },
  replacing: { method: 'POST', path: 'orderList/*' },
  exiting: { method: 'POST', path: 'order' },
  'exit-unknown': { method: 'GET', path: 'order' },
  closing: { method: 'POST', path: 'order' },
}

type Arguments = Readonly<Record<string, unknown>>

/** The variants of a kind take turns over the states, so that each of them is met somewhere. */
const variants: Readonly<Record<string, readonly Arguments[]>> = {
  F1: [{ fate: 'reset' }, { fate: 'hang' }],
  F2: [{}],
  F3: [{}],
  F4: [{ status: 503 }, { status: 500 }],
  F5: [{}, { isPage: true }],
  F6: [{ body: 'truncated' }, { body: 'empty' }, { body: 'page' }],
  F7: [{ ms: 3_000 }, { ms: 20_000 }],
  F8: [{ ms: 3_000 }],
  F9: [{ retryAfterSeconds: 1 }],
  F10: [{ seconds: 1 }],
  F11: [{}],
  F12: [{ status: 503 }, { status: 500, lands: true }, { status: 502 }],
  F13: [{ code: -1000 }, { code: -1001, lands: true }, { code: -1006 }, { code: -1008 }],
  F14: [{ offsetMs: 10_000 }, { offsetMs: -10_000 }],
  F15: [{ ms: 3_000 }],
  F16: [{}],
  F17: [{ fraction: 0.5 }],
  F18: [{ fraction: 1 }, { fraction: 0.5 }],
  F19: [{}, { code: -1013, message: 'Filter failure: NOTIONAL' }],
  F20: [{ afterMs: 0 }, { afterMs: 2_000 }],
  F21: [{}],
  F22: [{ percent: -10 }, { percent: 10 }, { percent: -2.1 }],
  F23: [{ status: 'HALT' }, { status: 'BREAK' }, { status: 'CANCEL_ONLY' }],
  F24: [{}],
  F25: [{}],
  F26: [{}],
  F27: [{ how: 'disconnect' }, { how: 'cut' }, { how: 'shutdown' }],
  F28: [
    { makerFee: '0.002', takerFee: '0.002' },
    { feeAsset: 'BNB', feeAssetPrice: '600' },
    { step: '0.00005' },
    { notionalMin: '50' },
    { tick: '1' },
  ],
}

/** Only then the target is filled in part, or the stop rejected at its activation. */
const moves: Readonly<Record<string, number>> = { F17: 2.5, F21: -3 }

const asking: readonly LifeState[] = ['unknown', 'protection-unknown', 'protected', 'exit-unknown']
const canceling: readonly LifeState[] = ['partially-filled', 'canceling']
const placingPair: readonly LifeState[] = ['protecting', 'replacing']
const placing: readonly LifeState[] = [...placingPair, 'submitting', 'exiting', 'closing']

const happening: readonly LifeState[] = [...placing, ...canceling, 'protected']
const QUIET = 'nothing happens at the venue of which the stream could tell: it is only asked'

/** Kinds that only some requests can meet, and why the others cannot. */
const meetings: Readonly<Record<string, { states: readonly LifeState[]; otherwise: string }>> = {
  F15: { states: ['unknown', 'exit-unknown'], otherwise: 'no order is asked for by its name' },
  F16: { states: asking, otherwise: 'nothing is read while a request to change is out' },
  F17: { states: placing, otherwise: 'no order is placed, so that none can be filled in part' },
  F18: { states: canceling, otherwise: 'no cancel is out that a fill could overtake' },
  F19: { states: placingPair, otherwise: 'no protection is being placed' },
  F20: { states: placingPair, otherwise: 'set with the protection: strikes when that is placed' },
  F21: { states: placingPair, otherwise: 'set with the protection: strikes when that is placed' },
  F24: { states: happening, otherwise: QUIET },
  F25: { states: happening, otherwise: QUIET },
  F26: { states: happening, otherwise: QUIET },
  F27: { states: happening, otherwise: QUIET },
}

/** Faults of the stream: they strike what it tells, whatever was asked. */
export const happens: ReadonlySet<string> = new Set(['F24', 'F25', 'F26', 'F27'])

/** The adapter waits no longer for an answer, in a life whose clocks agree. */
const TIMEOUT_MS = 8_000

/** Null when the two can meet: then there is a cell. */
export function exclusionOf(kind: string, state: LifeState): string | null {
  const meeting = meetings[kind]
  return meeting === undefined || meeting.states.includes(state) ? null : meeting.otherwise
}

export const cells: readonly Cell<LifeState>[] = FAULT_KINDS.flatMap((kind) =>
  LIFE_STATES.flatMap((state, index) =>
    exclusionOf(kind, state) === null ? [cellOf(kind, state, index)] : [],
  ),
)

function cellOf(kind: string, state: LifeState, index: number): Cell<LifeState> {
  const move = placingPair.includes(state) ? (moves[kind] ?? null) : null
  const args = argumentsOf(kind, index)
  const fault = { kind, args, match: matchOf(kind, state), count: 1 }
  // Things are told all the time: it must be of this state what the stream fails to tell.
  const isLate = happens.has(kind) && state !== 'protected'
  return { kind, state, fault, isLate, ...courseOf(fault, move) }
}

/** One of the kind's variants. */
export function argumentsOf(kind: string, index: number): Arguments {
  const all = variants[kind] ?? [{}]
  return all[index % all.length] ?? {}
}

type Course = Pick<Cell, 'move' | 'lastsMs' | 'pauseMs' | 'holdsMs' | 'loss' | 'happens'>

/** What follows from the fault: how long it lasts, what has to happen meanwhile. */
export function courseOf({ kind, args = {} }: FaultRequest, move: number | null): Course {
  const holds = (kind === 'F7' || kind === 'F8') && typeof args['ms'] === 'number' ? args['ms'] : 0
  return {
    move,
    lastsMs: kind === 'F22' || move !== null ? 70_000 : Math.max(5_000, holds + 1_000),
    pauseMs: kind === 'F9' || kind === 'F10' ? 1_100 : 0,
    holdsMs: Math.min(holds, TIMEOUT_MS),
    // Lists are looked through only when the order itself is not found.
    loss: kind === 'F16' || Number(kind.slice(1)) % 2 === 0 ? 'dropped' : 'landed',
    happens: happens.has(kind),
  }
}

function matchOf(kind: string, state: LifeState): Partial<Match> {
  if (happens.has(kind)) return { path: '*' }
  if (kind === 'F16' && !state.startsWith('prot')) return { method: 'GET', path: 'openOrders' }
  return requests[state]
}
