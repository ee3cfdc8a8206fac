// Ways out that no venue watches for us: a stop that follows the price, a target taken in parts, and the
// longest time to hold. The stop at the venue stays the backstop: it moves after the price in coarse
// steps, so that little is lost when nobody is there to watch, and the watching is exact.
import type { Json } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import { close } from './close.ts'
import { calm, type Ticket } from './desk.ts'
import { isDust, sellableOf } from './position.ts'
import { heldOf, keepProtection, note, protectionOf, type Work } from './work.ts'

/** Shares are of the price, or of the quantity: 0.05 is five per cent. */
export type ExitPlan = {
  /** Follows the highest price at this distance, once the gain has reached the activation. */
  readonly trailing: { readonly activation: Decimal; readonly distance: Decimal } | null
  /** In the order of their gains: what share of the full position is sold at which gain. */
  readonly ladder: readonly { readonly gain: Decimal; readonly share: Decimal }[]
  /** Milliseconds of the market; null is for ever. */
  readonly holdingMsMax: number | null
}

/** How far the plan of the present position has come. */
export type Exits = {
  readonly plan: ExitPlan
  /** The entry whose plan it is. */
  readonly intentId: string
  /** What was held when the entry was filled: the rungs are shares of it. */
  readonly full: Decimal
  readonly highest: Decimal | null
  /** Rungs that are done, or given up. */
  readonly rungs: number
  /** What the rung that has begun has still to sell; null between rungs. */
  readonly left: Decimal | null
}

/** The resting stop is moved when it gains this part of the distance: each move leaves a short gap. */
const MOVES_PER_DISTANCE = Decimal.from(4)
const GAIN_SCALE = 12

/** Where the progress is remembered, in the commit that makes it. */
export function exitsKey(symbol: string): string {
  return `exits:${symbol}`
}

/** An entry was filled: its plan is the position's from now on. */
export function beginExits(work: Work, { order }: Ticket): void {
  const plan = work.settings.exits
  if (plan === null) return
  const full = heldOf(work).quantity
  const before = work.exits?.intentId === order.intentId ? work.exits : null
  const { intentId } = order
  keepExits(work, before === null ? { ...freshExits, plan, intentId, full } : { ...before, full })
}

const freshExits = { highest: null, rungs: 0, left: null } as const

export function dropExits(work: Work): void {
  if (work.exits !== null) keepExits(work, null)
}

/** Moves the stop after the price, and closes what the plan says is over. */
export function superviseExits(work: Work): void {
  giveRungUp(work)
  if (work.exits === null || isTooLittleToSell(work)) return
  const { openedAt } = heldOf(work)
  const { holdingMsMax } = work.exits.plan
  if (holdingMsMax !== null && openedAt !== null && work.now - openedAt >= holdingMsMax) {
    const reason = `held for ${work.now - openedAt} ms, the limit is ${holdingMsMax} ms`
    close(work, { code: 'holding_time_over', reason, failed: false })
    return
  }
  trail(work)
}

function trail(work: Work): void {
  const last = freshPrice(work)
  const trailing = work.exits?.plan.trailing ?? null
  if (work.exits === null || trailing === null || last === null) return
  const highest = work.exits.highest === null ? last : Decimal.max(work.exits.highest, last)
  // Not remembered with every price: what matters of it is where the stop is, and that is.
  work.exits = { ...work.exits, highest }
  if (!hasGained(work, highest, trailing.activation)) return
  const wanted = highest.minus(highest.times(trailing.distance))
  if (last.atMost(wanted)) {
    const reason = `the price ${last.toString()} has fallen from ${highest.toString()}`
    close(work, { code: 'trailing_stop', reason, failed: false })
    return
  }
  moveStop(work, { wanted, highest, distance: trailing.distance })
}

type Move = { readonly wanted: Decimal; readonly highest: Decimal; readonly distance: Decimal }

function moveStop(work: Work, { wanted, highest, distance }: Move): void {
  const { stop, takeProfit } = protectionOf(work)
  // Beyond the target no pair can rest; what is left there is sold by the target or by our watching.
  if (takeProfit !== null && wanted.atLeast(takeProfit)) return
  const step = highest.times(distance).dividedBy(MOVES_PER_DISTANCE, GAIN_SCALE, 'up')
  if (stop !== null && wanted.lessThan(stop.plus(step))) return
  keepProtection(work, { stop: wanted })
  keepExits(work, work.exits)
  const moved = { symbol: work.market.symbol, stop: wanted.toString(), highest: highest.toString() }
  note(work, 'stop follows the price', { level: 'info', ...moved })
}

function hasGained(work: Work, price: Decimal, gain: Decimal): boolean {
  const paid = heldOf(work).averageEntryPrice
  return paid !== null && price.atLeast(paid.plus(paid.times(gain)))
}

/** What is to be sold now of the rung that is due; null when none is. */
export function dueRung(work: Work): Decimal | null {
  if (work.owner === null || work.now < work.selling.nextAt || isTooLittleToSell(work)) return null
  for (let wanted = wantedNow(work); wanted !== null; wanted = wantedNow(work)) {
    const part = partToSell(work, wanted)
    if (part !== null) return part
    nextRung(work, 'the part is too little to be sold')
  }
  return null
}

/** What is left of the rung that has begun, or the next one when the price has reached it. */
function wantedNow(work: Work): Decimal | null {
  const { exits } = work
  const rung = exits?.plan.ladder[exits.rungs]
  if (exits === null || rung === undefined) return null
  if (exits.left !== null) return exits.left
  const last = freshPrice(work)
  return last !== null && hasGained(work, last, rung.gain) ? exits.full.times(rung.share) : null
}

/** Whole steps of it; all that is held when the rest would be dust; null when it is dust itself. */
function partToSell(work: Work, wanted: Decimal): Decimal | null {
  const { rules } = work.market
  const held = heldOf(work).quantity
  const price = work.price?.value ?? null
  const part = sellableOf(Decimal.min(wanted, held), rules)
  if (isDust(part, price, rules)) return null
  return isDust(held.minus(part), price, rules) ? sellableOf(held, rules) : part
}

/** Remembered with the order that sells it, so that no rung is sold twice. */
export function rungBegun(work: Work): void {
  const { exits } = work
  const rung = exits?.plan.ladder[exits.rungs]
  if (exits === null || rung === undefined || exits.left !== null) return
  keepExits(work, { ...exits, left: exits.full.times(rung.share) })
}

/** A part of the rung was sold. */
export function rungFilled(work: Work, quantity: Decimal): void {
  const { exits } = work
  if (exits === null || exits.left === null) return
  const left = exits.left.minus(quantity)
  if (left.lessThan(work.market.rules.quantityStep)) nextRung(work, null)
  else keepExits(work, { ...exits, left })
}

/** Where the venue does not take it, the rest of the plan goes on without it. */
function giveRungUp(work: Work): void {
  if (work.exits === null || work.exits.left === null) return
  if (work.selling.failures < work.settings.exitAttemptsMax) return
  work.selling = calm
  nextRung(work, 'the venue did not take the order')
}

function nextRung(work: Work, reason: string | null): void {
  if (work.exits === null) return
  if (reason !== null) {
    note(work, 'part of the target skipped', { symbol: work.market.symbol, reason })
  }
  keepExits(work, { ...work.exits, rungs: work.exits.rungs + 1, left: null })
}

function freshPrice({ price, now, settings }: Work): Decimal | null {
  return price === null || now - price.at > settings.priceFreshMs ? null : price.value
}

function isTooLittleToSell(work: Work): boolean {
  return isDust(heldOf(work).quantity, work.price?.value ?? null, work.market.rules)
}

function keepExits(work: Work, exits: Exits | null): void {
  work.exits = exits
  const key = exitsKey(work.market.symbol)
  const value = exits === null ? null : storedOf(exits)
  work.remembered.push({ kind: 'memory-stored', agent: 'execution', key, value })
}

const decimal = z.string().transform((text) => Decimal.from(text))
const Stored = z.object({
  plan: z.object({
    trailing: z.object({ activation: decimal, distance: decimal }).nullable(),
    ladder: z.array(z.object({ gain: decimal, share: decimal })),
    holdingMsMax: z.number().nullable(),
  }),
  intentId: z.string(),
  full: decimal,
  highest: decimal.nullable(),
  rungs: z.int(),
  left: decimal.nullable(),
})

function storedOf({ plan, intentId, full, highest, rungs, left }: Exits): Json {
  const { trailing, ladder, holdingMsMax } = plan
  return {
    plan: {
      trailing:
        trailing === null
          ? null
          : {
              activation: trailing.activation.toString(),
              distance: trailing.distance.toString(),
            },
      ladder: ladder.map(({ gain, share }) => ({ gain: gain.toString(), share: share.toString() })),
      holdingMsMax,
    },
    intentId,
    full: full.toString(),
    highest: highest?.toString() ?? null,
    rungs,
    left: left?.toString() ?? null,
  }
}

/** @throws ZodError when it was not written by this service. */
export function exitsOf(stored: Json): Exits | null {
  return stored === null ? null : Stored.parse(stored)
}
