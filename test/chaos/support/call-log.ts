// In which state of affairs each call to the venue was made: what a fault strikes, it strikes there.
import type { Ledger, Order, Position } from '@flotilla/ledger'
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

/** The same, and what there is besides where a position is protected in another way than by a pair. */
export const CALL_STATES = [
  ...LIFE_STATES,
  /** The first thing that is done for an entry of which a part was filled. */
  'part-held',
  /** The entry is filled, and the exits that came with it are not seen at work yet. */
  'coming-to-life',
  /** The price is asked for, because we watch it ourselves. */
  'watching',
  /** A part of the target is being sold at the market. */
  'part-selling',
] as const
export type CallState = (typeof CALL_STATES)[number]

export type CallLog = {
  /** From now on this is asked around each call: whether a fault has struck it. */
  probe(hits: () => Promise<number>): void
  /** The states in which calls were made that the fault has struck. */
  struckIn(): readonly (CallState | null)[]
  /** Done just before the first call that is made in that state. */
  before(state: CallState, task: () => Promise<void>): void
  /** How often the fault has struck so far. */
  hits(): Promise<number>
  /** The fault has struck a call whose answer is not there, or none: then it struck in that state. */
  note(last: CallState | null): void
  watch(venue: Venue): Venue
  state(): Promise<CallState | null>
}

export function createCallLog(ledger: Ledger): CallLog {
  const struck: (CallState | null)[] = []
  const underWay = new Map<string, CallState | null>()
  let hits: (() => Promise<number>) | null = null
  let waiting: { state: CallState; task: () => Promise<void> } | null = null
  const state = async (call = '') => {
    const isCanceling = [...underWay.keys()].some((each) => each.startsWith('cancel'))
    const orders = await ledger.loadOrders({ account, limit: 100 })
    const [position] = await ledger.loadPositions(account)
    return lifeOf({ orders, position: position ?? null, isCanceling, call })
  }
  let calls = 0
  const watched = async (name: string, call: () => Promise<unknown>): Promise<unknown> => {
    const id = `${name}-${++calls}`
    underWay.set(id, null)
    const found = await state(name)
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
    state: () => state(),
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

type Moment = {
  /** Newest first, as the ledger gives them. */
  readonly orders: readonly Order[]
  readonly position: Position | null
  readonly isCanceling: boolean
  /** Empty where nothing is asked of the venue. */
  readonly call: string
}

function lifeOf(moment: Moment): CallState | null {
  const { orders, call } = moment
  if (call === 'fetchTicker') return watchingIn(moment)
  if (orders.some((order) => isTargetAlone(order, orders))) return 'partially-filled'
  return placedIn(orders) ?? saleIn(orders) ?? protectionIn(moment)
}

function find(
  orders: readonly Order[],
  state: Order['state'],
  ...legs: readonly Order['leg'][]
): Order | undefined {
  return orders.find((order) => order.state === state && legs.includes(order.leg))
}

function placedIn(orders: readonly Order[]): CallState | null {
  if (find(orders, 'submitting', 'entry') !== undefined) return 'submitting'
  return find(orders, 'unknown', 'entry') === undefined ? null : 'unknown'
}

function saleIn(orders: readonly Order[]): CallState | null {
  if (find(orders, 'submitting', 'exit') !== undefined) return 'exiting'
  if (find(orders, 'submitting', 'flatten') !== undefined) {
    return orders.some(isStopInPart) ? 'partially-filled' : 'closing'
  }
  const part = find(orders, 'submitting', 'take-profit')
  if (part?.type === 'market') return 'part-selling'
  return find(orders, 'unknown', 'exit', 'flatten') === undefined ? null : 'exit-unknown'
}

function protectionIn({ orders, position, isCanceling }: Moment): CallState | null {
  const placing = find(orders, 'submitting', 'stop-loss')
  if (placing !== undefined) {
    if (!isFirst(placing, orders)) return 'replacing'
    return isFilledInPart(orders) ? 'part-held' : 'protecting'
  }
  // What is sent next may overtake the answer to the cancel: the stream has told of its end.
  if (isCanceling) return 'canceling'
  if (find(orders, 'unknown', 'stop-loss') !== undefined) return 'protection-unknown'
  const { state = 'none', listId = null } = position?.protection ?? {}
  const resting = find(orders, 'accepted', 'stop-loss')
  if (resting === undefined) return state === 'protected' && listId === null ? 'protected' : null
  return isAttached(resting, orders) && state !== 'protected' ? 'coming-to-life' : 'protected'
}

function watchingIn({ orders, position }: Moment): CallState | null {
  if (position?.quantity.isPositive() !== true) return null
  return isFilledInPart(orders) ? 'part-held' : 'watching'
}

/** Of the newest entry. */
function isFilledInPart(orders: readonly Order[]): boolean {
  const entry = orders.find(({ leg }) => leg === 'entry')
  if (entry === undefined || !entry.filledQuantity.isPositive()) return false
  return entry.filledQuantity.lessThan(entry.quantity)
}

/** A stop of its own that the market took only a part from. */
function isStopInPart({ leg, listId, state, filledQuantity }: Order): boolean {
  const hasEnded = state === 'expired' || state === 'canceled'
  return leg === 'stop-loss' && listId === null && hasEnded && filledQuantity.isPositive()
}

function isAttached({ listId }: Order, orders: readonly Order[]): boolean {
  return orders.some((order) => order.leg === 'entry' && order.listId === listId)
}

/** The venue ends the stop of a pair with the first part of its target that is filled. */
function isTargetAlone({ leg, state, listId }: Order, orders: readonly Order[]): boolean {
  if (leg !== 'take-profit' || listId === null) return false
  if (state !== 'accepted' && state !== 'partially-filled') return false
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
