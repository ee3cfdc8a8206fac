// Carries out what the core asked of the venue, and brings back what it said. Writes never throw by
// the port's promise; a read that fails is an answer too: it says nothing about the order.
import { VenueError, type OrderOutcome, type OrderReference, type Venue } from '@flotilla/venue'
import { orderOfConversion, type Answer, type Effect } from './core/index.ts'

/** When a read fails without the venue saying how long to wait. */
const READ_PAUSE_MS = 500

type Write = Extract<
  Effect,
  {
    kind: 'place-order' | 'place-protection' | 'cancel-order' | 'cancel-protection' | 'accept-quote'
  }
>
type Read = Exclude<Effect, Write>

export async function carryOut(venue: Venue, symbol: string, effect: Effect): Promise<Answer> {
  if (isWrite(effect)) return write(venue, symbol, effect)
  try {
    return await read(venue, symbol, effect)
  } catch (error) {
    const waits = error instanceof VenueError ? error.retryAfterMs : null
    const reason = error instanceof Error ? error.message : String(error)
    const failed = { subject: subjectOf(effect), retryAfterMs: waits ?? READ_PAUSE_MS, reason }
    return { key: effect.key, kind: 'read-failed', ...failed }
  }
}

/** The venue counts its pauses in real time; on an accelerated market they are longer. */
export function inMarketTime(answer: Answer, stretch: number): Answer {
  if (answer.kind === 'read-failed') {
    return { ...answer, retryAfterMs: answer.retryAfterMs * stretch }
  }
  if (!('outcome' in answer) || answer.outcome.kind !== 'rejected') return answer
  const { retryAfterMs } = answer.outcome
  if (retryAfterMs === undefined) return answer
  const outcome = { ...answer.outcome, retryAfterMs: retryAfterMs * stretch }
  return { ...answer, outcome }
}

function isWrite(effect: Effect): effect is Write {
  return ['place-', 'cancel-', 'accept-'].some((verb) => effect.kind.startsWith(verb))
}

async function write(venue: Venue, symbol: string, effect: Write): Promise<Answer> {
  const { key } = effect
  switch (effect.kind) {
    case 'place-order': {
      const { clientOrderId } = effect.request
      const outcome = await venue.placeOrder(effect.request).catch(lost)
      return { key, kind: 'order-placed', clientOrderId, outcome }
    }
    case 'place-protection': {
      const listId = effect.request.clientProtectionId
      const outcome = await venue.placeProtection(effect.request).catch(lost)
      return { key, kind: 'protection-placed', listId, outcome }
    }
    case 'accept-quote': {
      const { clientOrderId } = effect
      const outcome = await acceptQuote(venue, symbol, effect)
      return { key, kind: 'order-placed', clientOrderId, outcome }
    }
    case 'cancel-order': {
      const { clientOrderId } = effect
      const outcome = await venue.cancelOrder(referenceOf(symbol, effect)).catch(lost)
      return { key, kind: 'order-canceled', clientOrderId, outcome }
    }
    case 'cancel-protection': {
      const { listId } = effect
      const outcome = await venue
        .cancelProtection({ symbol, clientProtectionId: listId })
        .catch(lost)
      return { key, kind: 'protection-canceled', listId, outcome }
    }
  }
}

function referenceOf(
  symbol: string,
  { clientOrderId, venueOrderId }: Extract<Effect, { kind: 'cancel-order' | 'query-order' }>,
): OrderReference {
  const named = { symbol, clientOrderId }
  return venueOrderId === null ? named : { ...named, venueOrderId }
}

async function acceptQuote(
  venue: Venue,
  symbol: string,
  { clientOrderId, quote }: Extract<Effect, { kind: 'accept-quote' }>,
): Promise<OrderOutcome> {
  const outcome = await deskOf(venue).accept(quote).catch(lost)
  if (outcome.kind !== 'accepted') return outcome
  const order = orderOfConversion({ symbol, clientOrderId }, outcome.conversion)
  return { kind: 'accepted', order }
}

/** The core asks for it only where the venue has one. */
function deskOf({ name, convert }: Venue): NonNullable<Venue['convert']> {
  if (convert === undefined) throw new Error(`${name} converts nothing`)
  return convert
}

/** Should a write throw after all, nobody can say what became of it. */
function lost(error: unknown) {
  return { kind: 'unknown', reason: String(error) } as const
}

async function read(venue: Venue, symbol: string, effect: Read): Promise<Answer> {
  const { key } = effect
  switch (effect.kind) {
    case 'query-order': {
      const { clientOrderId } = effect
      const order = await venue.queryOrder(referenceOf(symbol, effect))
      return { key, kind: 'order-told', clientOrderId, order }
    }
    case 'query-protection': {
      const { listId } = effect
      const protection = await venue.queryProtection({ symbol, clientProtectionId: listId })
      return { key, kind: 'protection-told', listId, protection }
    }
    case 'query-conversion': {
      const { clientOrderId, quote } = effect
      const told = await deskOf(venue).query(quote)
      const order = told === null ? null : orderOfConversion({ symbol, clientOrderId }, told)
      return { key, kind: 'order-told', clientOrderId, order }
    }
    case 'quote-conversion': {
      const { clientOrderId, request } = effect
      const told = await deskOf(venue).quote(request)
      return { key, kind: 'conversion-quoted', clientOrderId, told }
    }
    case 'fetch-price': {
      const { last } = await venue.fetchTicker(symbol)
      return { key, kind: 'price-told', price: last }
    }
    case 'fetch-fills':
      return { key, kind: 'fills-told', fills: await venue.fetchFills(symbol, effect.from) }
    case 'search': {
      const openOrders = await venue.fetchOpenOrders(symbol)
      const fills = await venue.fetchFills(symbol, effect.from)
      return { key, kind: 'searched', subject: effect.subject, openOrders, fills }
    }
  }
}

function subjectOf(effect: Read): string | null {
  switch (effect.kind) {
    case 'query-order':
    case 'query-conversion':
      return effect.clientOrderId
    case 'query-protection':
      return effect.listId
    case 'search':
      return effect.subject
    case 'fetch-fills':
    case 'fetch-price':
    case 'quote-conversion':
      return null
  }
}
