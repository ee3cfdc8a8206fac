// The life of an order as one table. Nothing else in this service decides which state may follow
// which: what is not in the table is a broken invariant.
import type { OrderState } from '@flotilla/contracts'

/** Everything that can happen to an order; docs/ORDER-LIFE.md is generated from here. */
export const orderEvents = {
  submit: 'stored, and about to be sent',
  accept: 'the venue has it',
  reject: 'the venue refused it',
  lose: 'sent, and the answer is missing',
  'fill-part': 'a part of it was executed',
  'fill-all': 'the last of it was executed',
  cancel: 'ended on request',
  expire: 'ended by its time in force, or never sent',
  disprove: 'asked for long enough: the venue never had it',
} as const
export type OrderEvent = keyof typeof orderEvents

type Row = Readonly<Partial<Record<OrderEvent, OrderState>>>

/** What the venue may tell about an order that has been sent, whatever we knew of it before. */
const told: Row = {
  accept: 'accepted',
  reject: 'rejected',
  'fill-part': 'partially-filled',
  'fill-all': 'filled',
  cancel: 'canceled',
  expire: 'expired',
}

export const transitions: Readonly<Record<OrderState, Row>> = {
  // An order that is never sent ends as expired (too late, or nothing left to do) or canceled.
  created: { submit: 'submitting', expire: 'expired', cancel: 'canceled' },
  submitting: { ...told, lose: 'unknown' },
  unknown: { ...told, disprove: 'not-placed' },
  accepted: { ...told },
  'partially-filled': {
    'fill-part': 'partially-filled',
    'fill-all': 'filled',
    cancel: 'canceled',
    expire: 'expired',
  },
  // From here on reality alone: venues do tell of fills after an order's end, and a request that was
  // held up somewhere can become an order after it was disproved. A fill is a fact and always counts.
  filled: {},
  rejected: { 'fill-part': 'partially-filled', 'fill-all': 'filled' },
  canceled: { 'fill-part': 'canceled', 'fill-all': 'filled' },
  expired: { 'fill-part': 'expired', 'fill-all': 'filled' },
  'not-placed': { ...told },
}

const ended: ReadonlySet<OrderState> = new Set<OrderState>([
  'filled',
  'rejected',
  'canceled',
  'expired',
  'not-placed',
])

export function isEnded(state: OrderState): boolean {
  return ended.has(state)
}

/** Named and stored, and no answer yet that says what became of it. */
export function isDoubtful(state: OrderState): boolean {
  return state === 'submitting' || state === 'unknown'
}

/** The request has left, or may have left, and the venue may still act on it. */
export function isWorking(state: OrderState): boolean {
  return state !== 'created' && !isEnded(state)
}

export function mayFollow(state: OrderState, event: OrderEvent): boolean {
  return transitions[state][event] !== undefined
}

/** @throws RangeError when the table has no such row. */
export function nextState(state: OrderState, event: OrderEvent): OrderState {
  const next = transitions[state][event]
  if (next === undefined) throw new RangeError(`an order that is ${state} cannot ${event}`)
  return next
}
