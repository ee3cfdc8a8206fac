// Faults that execution must not have, each as a seam of the harness: the test of the tests switches one
// on at a time, and the life of a desk must show it.
import { OrderSubmitted, type AnyMessage } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import type { VenueOrder } from '@flotilla/venue'
import { step, type Answer, type Desk, type Draft, type Effect, type Input } from '../core/index.ts'
import type { Seams } from '../testing.ts'

type Ticket = Desk['tickets'] extends ReadonlyMap<string, infer Each> ? Each : never

/** Made anew for each life: some faults remember. */
export const plantedBugs: Readonly<Record<string, () => Seams>> = {
  'sends an order again when its answer is lost': () => {
    const sent = new Map<string, Effect>()
    return {
      step: (desk, input, now) => {
        const draft = remembered(step(desk, input, now), sent)
        if (!('outcome' in input) || input.outcome.kind !== 'unknown') return draft
        const again = sent.get(input.key)
        return again === undefined ? draft : { ...draft, effects: [...draft.effects, again] }
      },
    }
  },
  'sends again after a restart what it finds as submitting': () => {
    const sent = new Map<string, Effect>()
    return {
      step: (desk, input, now) => {
        const draft = remembered(step(desk, input, now), sent)
        const lost = [...sent].filter(([key, { kind }]) => {
          const ticket = desk.tickets.get(key.replace('place:', ''))
          const waits = ticket?.order.state === 'submitting' && !desk.pending.has(key)
          return kind === 'place-order' && waits
        })
        return { ...draft, effects: [...draft.effects, ...lost.map(([, effect]) => effect)] }
      },
    }
  },
  'uses a name for a second request': () => ({
    step: (desk, input, now) => step({ ...desk, attempts: new Map() }, input, now),
  }),
  'ignores fees that are paid in base': () => ({
    step: (desk, input, now) => {
      const market = { ...desk.market, rules: { ...desk.market.rules, base: 'NONE' } }
      const draft = step({ ...desk, market }, input, now)
      return { ...draft, desk: { ...draft.desk, market: desk.market } }
    },
  }),
  'puts the stop above and the target below': () => ({
    sent: (effect) => {
      if (effect.kind !== 'place-protection') return effect
      const { stop, takeProfit, ...rest } = effect.request
      const request = {
        ...rest,
        stop: { ...stop, stopPrice: takeProfit.limitPrice },
        takeProfit: { ...takeProfit, limitPrice: stop.stopPrice },
      }
      return { ...effect, request }
    },
  }),
  'rounds a sale up': () => ({
    sent: (effect) => {
      if (effect.kind === 'place-protection') return withMore(effect)
      if (effect.kind === 'place-order' && effect.request.side === 'sell') return withMore(effect)
      return effect
    },
  }),
  'sells in fractions of a step': () => ({
    sent: (effect) => {
      if (effect.kind !== 'place-order' || effect.request.side !== 'sell') return effect
      const quantity = effect.request.quantity.minus('0.000001')
      return { ...effect, request: { ...effect.request, quantity } }
    },
  }),
  'calls the venue and acknowledges before it commits': () => ({ commitsLate: true }),
  'believes the first "no such order"': () => ({ settings: { notFoundTimes: 1 } }),
  'gives an order up while it may still arrive': () => ({
    settings: { recvWindowMs: 0, engineTimeoutMs: 0, skewMs: 0 },
  }),
  'does not look for fills before it gives an order up': () => ({
    heard: (answer) => (answer.kind === 'searched' ? { ...answer, fills: [] } : answer),
  }),
  'does not look through open orders before it gives an order up': () => ({
    heard: (answer) => (answer.kind === 'searched' ? { ...answer, openOrders: [] } : answer),
  }),
  'takes a lost answer for a refusal': () => ({
    heard: (answer) => {
      if (!('outcome' in answer) || answer.outcome.kind !== 'unknown') return answer
      const outcome = { kind: 'rejected', code: 'rejected_by_venue', reason: 'guessed' } as const
      return { ...answer, outcome }
    },
  }),
  'believes a cancel whose answer is lost': () => ({
    step: (desk, input, now) => step(desk, believed(desk, input), now),
  }),
  'records a fill as often as it is told': () => ({
    step: (desk, input, now) =>
      step(
        withTickets(desk, (ticket) => ({ ...ticket, trades: new Set() })),
        input,
        now,
      ),
  }),
  'sells while the protection still rests': () => ({
    step: (desk, input, now) => {
      const exits = [...desk.tickets.values()].some(isWaitingExit) || input.kind === 'flatten'
      return step(exits ? without(desk, isProtection) : desk, input, now)
    },
  }),
  'forgets its protection at a restart': () => ({
    recovered: (desk) => without(desk, isProtection),
  }),
  'does not ask after a restart what became of its orders': () => ({
    recovered: (desk) => {
      const never = Number.POSITIVE_INFINITY
      const later = [...desk.watches].map(
        ([key, watch]) => [key, { ...watch, nextAt: never }] as const,
      )
      return { ...desk, watches: new Map(later) }
    },
  }),
  'frees a reservation with every order': () => ({ step: saying(true) }),
  'never frees a reservation': () => ({ step: saying(false) }),
  'forgets at a restart how far the plan of exits has come': () => ({
    recovered: (desk) => ({ ...desk, exits: null }),
  }),
  'sells each part of the target as long as the price is there': () => ({
    step: (desk, input, now) => {
      const { exits } = desk
      const again = exits === null || exits.left !== null ? exits : { ...exits, rungs: 0 }
      return step({ ...desk, exits: again }, input, now)
    },
  }),
  'lets the stop fall with the price': () => ({
    step: (desk, input, now) => {
      const { exits, position, price } = desk
      const protection = position?.protection ?? null
      if (exits?.plan.trailing == null || protection === null || price === null) {
        return step(desk, input, now)
      }
      const low = { ...protection, stop: price.value.times(Decimal.from('0.9')) }
      return step({ ...desk, position: { ...position!, protection: low } }, input, now)
    },
  }),
}

/** Faults of what is sold at a quoted price. */
export const convertBugs: Readonly<Record<string, () => Seams>> = {
  'accepts a quote again when its answer is lost': acceptingAgain,
}

/** Faults of who keeps the rest of an entry in the book. */
export const restBugs: Readonly<Record<string, () => Seams>> = {
  'leaves the rest of an entry in the book': () => ({
    sent: (effect) => {
      if (effect.kind !== 'cancel-order') return effect
      return { ...effect, kind: 'query-order' }
    },
  }),
}

/** Faults that show only when a halt, a restart and a new entry come together. */
export const haltBugs: Readonly<Record<string, () => Seams>> = {
  'forgets at a restart that a symbol is halted': () => ({
    recovered: (desk) => ({ ...desk, halted: null }),
  }),
}

/** Faults that show only where the venue does not carry out the whole protection. */
export const watchBugs: Readonly<Record<string, () => Seams>> = {
  'does not look at the price': () => ({
    step: (desk, input, now) => {
      const isPrice = input.kind === 'price' || input.kind === 'price-told'
      const at = Decimal.from('50000')
      const seen = isPrice ? { ...input, price: at } : input
      return step({ ...desk, price: { value: at, at: now } }, seen, now)
    },
  }),
}

/** Faults of what is watched from here: beside a lone stop, and where nothing rests. */
export const weakBugs: Readonly<Record<string, () => Seams>> = {
  'sends both exits of a position that it watches': () => ({
    step: (desk, input, now) => {
      const draft = step(desk, input, now)
      const sale = draft.effects.find(isClosingSale)
      if (sale === undefined) return draft
      const clientOrderId = sale.request.clientOrderId.replace('-f', '-t9')
      const second = { ...sale, key: `${sale.key}-`, request: { ...sale.request, clientOrderId } }
      return { ...draft, effects: [...draft.effects, second] }
    },
  }),
  'takes the target and leaves the stop': () => ({
    step: (desk, input, now) => {
      const draft = step(desk, input, now)
      const isTaken = draft.desk.position?.protection?.reason === 'take_profit_reached'
      if (!isTaken || draft.desk.position?.protection?.state !== 'closing') return draft
      return step(without(desk, isProtection), input, now)
    },
  }),
  'puts a lone stop above the price': () => ({
    sent: (effect) => {
      if (effect.kind !== 'place-order' || !('stopPrice' in effect.request)) return effect
      const stopPrice = effect.request.stopPrice.times(Decimal.from('1.1')).round(2, 'up')
      return { ...effect, request: { ...effect.request, stopPrice } } as Effect
    },
  }),
}

/** Faults of a target in parts. */
export const ladderBugs: Readonly<Record<string, () => Seams>> = {
  'takes the parts of the target from twice what is held': () => ({
    step: (desk, input, now) => {
      const draft = step(desk, input, now)
      const { exits, position } = draft.desk
      if (exits === null || position === null || exits.full.greaterThan(position.quantity)) {
        return draft
      }
      const full = exits.full.times(Decimal.from(2))
      return { ...draft, desk: { ...draft.desk, exits: { ...exits, full } } }
    },
  }),
}

type PlacesOrder = Extract<Effect, { kind: 'place-order' }>

function isClosingSale(effect: Effect): effect is PlacesOrder {
  return effect.kind === 'place-order' && effect.request.clientOrderId.includes('-f')
}

function acceptingAgain(): Seams {
  const sent = new Map<string, Effect>()
  return {
    step: (desk, input, now) => {
      const draft = remembered(step(desk, input, now), sent)
      if (!('outcome' in input) || input.outcome.kind !== 'unknown') return draft
      const again = sent.get(input.key)
      if (again?.kind !== 'accept-quote') return draft
      return { ...draft, effects: [...draft.effects, again] }
    },
  }
}

function remembered(draft: Draft, sent: Map<string, Effect>): Draft {
  for (const effect of draft.effects) sent.set(effect.key, effect)
  return draft
}

function withMore<Placing extends Extract<Effect, { kind: 'place-order' | 'place-protection' }>>(
  effect: Placing,
): Placing {
  const quantity = effect.request.quantity.plus('0.00001')
  return { ...effect, request: { ...effect.request, quantity } }
}

function withTickets(desk: Desk, change: (ticket: Ticket) => Ticket): Desk {
  const tickets = [...desk.tickets].map(([id, ticket]) => [id, change(ticket)] as const)
  return { ...desk, tickets: new Map(tickets) }
}

function without(desk: Desk, isGone: (ticket: Ticket) => boolean): Desk {
  return { ...desk, tickets: new Map([...desk.tickets].filter(([, ticket]) => !isGone(ticket))) }
}

function isProtection({ order }: Ticket): boolean {
  return order.leg === 'stop-loss' || order.leg === 'take-profit'
}

function isWaitingExit({ order }: Ticket): boolean {
  return order.leg === 'exit' && order.state === 'created'
}

/** The cancel's answer is missing, and yet both legs are taken for canceled. */
function believed(desk: Desk, input: Input): Input {
  if (input.kind !== 'protection-canceled' || input.outcome.kind !== 'unknown') return input
  const legs = [...desk.tickets.values()].filter(({ order }) => order.listId === input.listId)
  const [stop, takeProfit] = legs.map(asCanceled)
  if (stop === undefined || takeProfit === undefined) return input
  const { listId, key } = input
  const pair = { symbol: stop.symbol, clientProtectionId: listId, venueProtectionId: listId }
  const protection = { ...pair, status: 'done', stop, takeProfit, entry: null } as const
  const outcome = { kind: 'accepted', protection } as const
  return { key, kind: 'protection-canceled', listId, outcome } satisfies Answer
}

function asCanceled({ order }: Ticket): VenueOrder {
  return {
    symbol: order.symbol,
    clientOrderId: order.clientOrderId,
    venueOrderId: order.venueOrderId ?? order.clientOrderId,
    venueProtectionId: order.listId,
    side: order.side,
    type: order.type,
    timeInForce: null,
    status: 'canceled',
    quantity: order.quantity,
    limitPrice: order.price,
    stopPrice: order.stopPrice,
    filledQuantity: order.filledQuantity,
    filledNotional: order.quoteFilled,
    fills: null,
    updatedAt: order.updatedAt,
    endReason: null,
  }
}

function saying(endsReservation: boolean): typeof step {
  return (desk, input, now) => {
    const draft = step(desk, input, now)
    return { ...draft, messages: draft.messages.map((each) => told(each, endsReservation)) }
  }
}

function told(message: AnyMessage, endsReservation: boolean): AnyMessage {
  const { payload, type } = message
  const starts = type === OrderSubmitted.type || type === 'execution.order.accepted.v1'
  if (!('endsReservation' in payload) || starts || payload.leg !== 'exit') return message
  return { ...message, payload: { ...payload, endsReservation } } as AnyMessage
}
