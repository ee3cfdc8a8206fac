// In which state of affairs each call to the venue was made: what a fault strikes, it strikes there.
import type { Ledger, Order } from '@flotilla/ledger'
import type { Venue } from '@flotilla/venue'
import { account } from './messages.ts'

/** The states of an order's life and of its protection in which something can go wrong. */
export const LIFE_STATES = [
  'submitting',
  'unknown',
  'protecting',
  'protection-unknown',
  'protected',
  'partially-filled',
  'canceling',
  'replacing',
  'exiting',
  'exit-unknown',
  'closing',
] as const
export type LifeState = (typeof LIFE_STATES)[number]

export type CallLog = {
  /** From now on this is asked around each call: whether a fault has struck it. */
  probe(hits: () => Promise<number>): void
  /** The states in which calls were made that the fault has struck. */
  struckIn(): readonly (LifeState | null)[]
  /** Done just before the first call that is made in that state. */
  before(state: LifeState, task: () => Promise<void>): void
  /** How often the fault has struck so far. */
  hits(): Promise<number>
  /** The fault has struck a call whose answer is not there, or none: then it struck in that state. */
  note(last: LifeState | null): void
  watch(venue: Venue): Venue
  state(): Promise<LifeState | null>
}

export function createCallLog(ledger: Ledger): CallLog {
  const struck: (LifeState | null)[] = []
  const underWay = new Map<string, LifeState | null>()
  let hits: (() => Promise<number>) | null = null
  let waiting: { state: LifeState; task: () => Promise<void> } | null = null
  const state = async () => {
    const isCanceling = [...underWay.keys()].some((call) => call.startsWith('cancel'))
    return lifeOf(await ledger.loadOrders({ account, limit: 100 }), isCanceling)
  }
  let calls = 0
  const watched = async (name: string, call: () => Promise<unknown>): Promise<unknown> => {
    const id = `${name}-${++calls}`
    underWay.set(id, null)
    const found = await state()
    underWay.set(id, found)
    if (waiting?.state === found) {
      const { task } = waiting
      waiting = null
      await task()
    }
    const before = await hits?.()
    try {
      return await call()
    } finally {
      const after = await hits?.()
      if (before !== undefined && after !== undefined && after > before) {
        // The first to notice need not be the one that was struck: its answer may be held back.
        struck.push(...underWay.values())
      }
      underWay.delete(id)
    }
  }
  return {
    probe: (ask) => {
      hits = ask
    },
    before: (meant, task) => {
      waiting = { state: meant, task }
    },
    struckIn: () => struck,
    hits: async () => (await hits?.()) ?? 0,
    note: (last) => {
      const now = [...underWay.values()]
      struck.push(...(now.length > 0 ? now : [last]))
    },
    state,
    watch: (venue) =>
      new Proxy(venue, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target)
          if (typeof value !== 'function' || typeof name !== 'string') return value
          if (immediate.has(name)) return value.bind(target) as unknown
          return (...values: unknown[]): Promise<unknown> =>
            watched(name, async () => (await Reflect.apply(value, target, values)) as unknown)
        },
      }),
  }
}

/** These ask the venue nothing. */
const immediate: ReadonlySet<string> = new Set(['health', 'watchAccount', 'retryKeys'])

/** Newest first, as the ledger gives them. */
function lifeOf(orders: readonly Order[], isCanceling: boolean): LifeState | null {
  if (orders.some((order) => isTargetAlone(order, orders))) return 'partially-filled'
  const inState = (state: Order['state'], ...legs: readonly Order['leg'][]) =>
    orders.find((order) => order.state === state && legs.includes(order.leg))
  if (inState('submitting', 'entry') !== undefined) return 'submitting'
  if (inState('unknown', 'entry') !== undefined) return 'unknown'
  if (inState('submitting', 'exit') !== undefined) return 'exiting'
  if (inState('submitting', 'flatten') !== undefined) return 'closing'
  if (inState('unknown', 'exit', 'flatten') !== undefined) return 'exit-unknown'
  const placing = inState('submitting', 'stop-loss')
  if (placing !== undefined) return isFirst(placing, orders) ? 'protecting' : 'replacing'
  // What is sent next may overtake the answer to the cancel: the stream has told of its end.
  if (isCanceling) return 'canceling'
  if (inState('unknown', 'stop-loss') !== undefined) return 'protection-unknown'
  return inState('accepted', 'stop-loss') === undefined ? null : 'protected'
}

/** The venue ends the stop of a pair with the first part of its target that is filled. */
function isTargetAlone({ leg, state, listId }: Order, orders: readonly Order[]): boolean {
  if (leg !== 'take-profit' || (state !== 'accepted' && state !== 'partially-filled')) return false
  const stop = orders.find((order) => order.leg === 'stop-loss' && order.listId === listId)
  return stop?.state === 'expired' || stop?.state === 'canceled'
}

/** No protection was there before that had been accepted. */
function isFirst(placing: Order, orders: readonly Order[]): boolean {
  const before = orders.filter(
    ({ leg, clientOrderId }) => leg === 'stop-loss' && clientOrderId !== placing.clientOrderId,
  )
  return before.every(({ venueOrderId }) => venueOrderId === null)
}
