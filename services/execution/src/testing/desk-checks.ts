// What must hold at the end of every life of a desk.
import type { AnyMessage, ProtectionMode } from '@flotilla/contracts'
import { openTradeOf } from '@flotilla/journal'
import { Decimal, roundUpToStep, sum } from '@flotilla/money'
import type { VenueConversion, VenueFill, VenueOrder } from '@flotilla/venue'
import { expect } from 'vitest'
import { tradeKey } from '../core/journal.ts'
import { orderOfConversion } from '../core/index.ts'
import { isDust } from '../core/position.ts'
import { protectionModeOf } from '../core/protection-mode.ts'
import { account, symbol, venueName, type DeskHarness, type HarnessOptions } from '../testing.ts'

/** Of the same account, but not ours: selling more than the position would be seen. */
export const OTHERS = '5'

type OrderSaid = {
  clientOrderId: string
  intentId: string
  leg: string
  endsReservation: boolean
  code?: string
}

export async function check(desk: DeskHarness, exits: HarnessOptions['exits']): Promise<void> {
  noOrderIsDoubled(desk)
  expect(desk.refused).toEqual([])
  await fillsAreTheVenues(desk)
  await positionIsTheSumOfFills(desk)
  await theJournalExplainsTheCash(desk)
  await everythingIsProtectedOrEnded(desk)
  everyIntentEndsOnce(desk.messages)
  await nothingIsOvercommitted(desk)
  await plansAreKept(desk, exits)
  stopsNeverFall(desk.messages)
  noEntryIsSentWhileHalted(desk.messages)
  if (desk.flattened !== null) await nothingIsHeld(desk)
}

/** An operator wanted to be out: whatever was on its way then, it is sold. */
async function nothingIsHeld(desk: DeskHarness): Promise<void> {
  expect(await desk.venue.fetchOpenOrders(symbol)).toEqual([])
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  const held = position?.quantity ?? Decimal.zero
  const { price, market } = desk.desk
  expect(isDust(held, price?.value ?? null, market.rules)).toBe(true)
}

function noOrderIsDoubled(desk: DeskHarness): void {
  const names = desk.venue.allOrders().map(({ clientOrderId }) => clientOrderId)
  expect(new Set(names).size).toBe(names.length)
  const sent = desk.venue.calls.flatMap(({ method, argument }) => {
    if (method === 'placeOrder') return [(argument as { clientOrderId: string }).clientOrderId]
    if (method !== 'placeProtection') return []
    return [(argument as { clientProtectionId: string }).clientProtectionId]
  })
  expect(new Set(sent).size).toBe(sent.length)
  const { acceptances } = desk.venue.convert
  expect(new Set(acceptances).size).toBe(acceptances.length)
}

async function fillsAreTheVenues(desk: DeskHarness): Promise<void> {
  const ours = await desk.ledger.loadFills({ account, symbol })
  const text = (fill: { tradeId: string; quantity: Decimal; price: Decimal; fee: Decimal }) =>
    [fill.tradeId, fill.quantity, fill.price, fill.fee].map(String).join(' ')
  const theirs = [...desk.venue.allFills(), ...desk.venue.convert.all().flatMap(fillsOf)]
  expect(ours.map(text).toSorted()).toEqual(theirs.map(text).toSorted())
  const carried = desk.messages.flatMap(({ payload }) =>
    'fill' in payload ? [payload.fill.tradeId] : [],
  )
  expect(carried.toSorted()).toEqual(ours.map(({ tradeId }) => tradeId).toSorted())
}

function fillsOf(conversion: VenueConversion): readonly VenueFill[] {
  return orderOfConversion({ symbol, clientOrderId: '' }, conversion).fills ?? []
}

async function positionIsTheSumOfFills(desk: DeskHarness): Promise<void> {
  const fills = await desk.ledger.loadFills({ account, symbol })
  const moves = fills.map(({ side, quantity, fee, feeAsset }) => {
    const base = feeAsset === 'BTC' ? fee : Decimal.zero
    return side === 'buy' ? quantity.minus(base) : quantity.plus(base).negated()
  })
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  const held = position?.quantity ?? Decimal.zero
  expect(held.toString()).toBe(sum(moves).toString())
  expect(held.isNegative()).toBe(false)
  const balances = await desk.venue.fetchBalances()
  const base = balances.find(({ asset }) => asset === 'BTC')?.total ?? Decimal.zero
  expect(base.toString()).toBe(held.plus(OTHERS).toString())
}

/** To the last digit: profit that was realised, less what is held cost, is the cash that moved. */
async function theJournalExplainsTheCash(desk: DeskHarness): Promise<void> {
  const cash = (await desk.ledger.loadFills({ account, symbol })).map((fill) => {
    const value = fill.price.times(fill.quantity)
    const fee = fill.feeAsset === 'USDT' ? fill.fee : Decimal.zero
    return (fill.side === 'buy' ? value.negated() : value).minus(fee)
  })
  const trades = await desk.ledger.loadTrades({ account, symbol })
  const open = openTradeOf(await desk.ledger.recall('execution', tradeKey(symbol)))
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  const realised = [...trades, ...(open === null ? [] : [open])].map(({ netProfit }) => netProfit)
  const explained = sum(realised).minus(position?.costBasis ?? Decimal.zero)
  expect(explained.toString()).toBe(sum(cash).toString())
  const isFlat = position?.quantity.isPositive() !== true
  if (isFlat) expect(open).toBeNull()
  const sold = (await desk.ledger.loadFills({ account, symbol }))
    .filter(({ side }) => side === 'sell')
    .map(({ quantity }) => quantity)
  const journaled = [...trades.map(({ quantity }) => quantity), open?.sold.quantity ?? Decimal.zero]
  expect(sum(journaled).toString()).toBe(sum(sold).toString())
}

async function everythingIsProtectedOrEnded(desk: DeskHarness): Promise<void> {
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  const held = position?.quantity ?? Decimal.zero
  const open = await desk.venue.fetchOpenOrders(symbol)
  const { rules } = desk.desk.market
  const known = await desk.ledger.loadOpenOrders(account)
  expect(known.map(({ clientOrderId }) => clientOrderId).toSorted()).toEqual(
    open.map(({ clientOrderId }) => clientOrderId).toSorted(),
  )
  const mode = protectionModeOf(rules)
  if (mode !== 'pair') await nothingIsMissed(desk, { held, open })
  if (open.length === 0) {
    const watched = mode === 'supervised' && position?.protection?.state === 'protected'
    if (watched) return expect(position.protection?.quantity.atMost(held)).toBe(true)
    expect(isDust(held, desk.desk.price?.value ?? null, rules)).toBe(true)
    expect(['none', 'dust']).toContain(position?.protection?.state ?? 'none')
    return
  }
  expect(open.map(({ type }) => type).toSorted()).toEqual(restingTypes[mode])
  const sold = sum(open.map(({ filledQuantity }) => filledQuantity))
  const covered = open[0]!.quantity.minus(sold)
  expect(held.minus(covered).lessThan(rules.quantityStep)).toBe(true)
  expect(covered.atMost(held)).toBe(true)
  expect(position?.protection?.state).toBe('protected')
}

/** All orders of an entry together spend no more than was set aside for it. */
async function nothingIsOvercommitted(desk: DeskHarness): Promise<void> {
  for (const { intentId, asset, amount } of await desk.ledger.loadOpenReservations(account)) {
    if (asset !== 'USDT') continue
    const orders = await desk.ledger.loadOrdersOfIntent(account, intentId)
    const spent = sum(orders.filter(({ leg }) => leg === 'entry').map((each) => each.quoteFilled))
    expect(spent.atMost(amount), `${spent.toString()} of ${amount.toString()}`).toBe(true)
  }
}

type Left = { readonly held: Decimal; readonly open: readonly VenueOrder[] }

/** What no order at the venue carries out was carried out when the price was there. */
async function nothingIsMissed(desk: DeskHarness, { held, open }: Left): Promise<void> {
  const { last: price } = await desk.venue.fetchTicker(symbol)
  if (isDust(held, price, desk.desk.market.rules)) return
  const { stop, takeProfit } = desk.desk.position?.protection ?? {}
  expect(takeProfit?.greaterThan(price)).toBe(true)
  const lowest = open.length === 0 ? stop : open[0]!.limitPrice
  expect(lowest?.greaterThan(price)).not.toBe(true)
}

const restingTypes: Readonly<Record<ProtectionMode, readonly string[]>> = {
  pair: ['limit-maker', 'stop-loss'],
  stop: ['stop-loss'],
  'stop-limit': ['stop-loss-limit'],
  supervised: [],
}

async function plansAreKept(desk: DeskHarness, plan: HarnessOptions['exits']): Promise<void> {
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  const open = await desk.venue.fetchOpenOrders(symbol)
  const { exits, market } = desk.desk
  if (plan?.holdingMsMax != null) expect(open).toEqual([])
  partsAreSoldOnce(desk.messages, plan)
  if (position === null || exits === null || open.length === 0) return
  expect(exits.rungs).toBeLessThanOrEqual(exits.plan.ladder.length)
  expect(exits.left).toBeNull()
  const stop = open.find(({ type }) => type.startsWith('stop-loss'))?.stopPrice
  const wanted = roundUpToStep(position.protection!.stop!, market.rules.priceTick)
  expect(stop?.toString()).toBe(wanted.toString())
}

/** More than the smallest lot: so much may be sold with a part because it would be left as dust. */
const DUST_MAX = Decimal.from('0.0003')

function partsAreSoldOnce(messages: readonly AnyMessage[], plan: HarnessOptions['exits']): void {
  const share = (plan?.ladder ?? []).reduce((total, rung) => total + rung.share, 0)
  const bought = messages.flatMap(({ payload }) =>
    'fill' in payload && payload.leg === 'entry' ? [Decimal.from(payload.fill.quantity)] : [],
  )
  const most = sum(bought).times(Decimal.from(share.toFixed(4)))
  const sold = new Map<string, Decimal>()
  for (const { payload } of messages) {
    if (!('fill' in payload) || payload.leg !== 'take-profit') continue
    if (payload.orderType !== 'market') continue
    const before = sold.get(payload.intentId) ?? Decimal.zero
    sold.set(payload.intentId, before.plus(payload.fill.quantity))
  }
  for (const total of sold.values()) expect(total.atMost(most.plus(DUST_MAX))).toBe(true)
}

function noEntryIsSentWhileHalted(messages: readonly AnyMessage[]): void {
  const halts = new Set<string>()
  for (const { type, payload } of messages) {
    if (type === 'execution.entries.changed.v1') {
      if (payload.allowed) halts.delete(payload.cause)
      else halts.add(payload.cause)
    }
    const sends = type === 'execution.order.submitted.v1' && payload.leg === 'entry'
    expect(sends && halts.size > 0).toBe(false)
  }
}

/** Between two fills of entries a stop only ever rises. */
function stopsNeverFall(messages: readonly AnyMessage[]): void {
  let highest = Decimal.zero
  for (const { payload } of messages) {
    if ('fill' in payload && payload.leg === 'entry') highest = Decimal.zero
    if (!('protection' in payload) || payload.protection.stopPrice === null) continue
    const stop = Decimal.from(payload.protection.stopPrice)
    expect(stop.atLeast(highest)).toBe(true)
    highest = stop
  }
}

function everyIntentEndsOnce(messages: readonly AnyMessage[]): void {
  const orders = messages
    .map(({ payload }) => payload as Partial<OrderSaid>)
    .filter(({ leg }) => leg === 'entry' || leg === 'exit')
    .filter(({ endsReservation }) => endsReservation !== undefined)
  const intents = new Set(orders.map(({ intentId }) => intentId))
  for (const intent of intents) {
    const own = orders.filter(({ intentId }) => intentId === intent)
    const ends = own.filter(({ endsReservation }) => endsReservation === true)
    // What was given up and turns up all the same ends once more.
    const givenUp = own.filter(({ code }) => code === 'not_placed')
    expect(ends.length).toBeGreaterThanOrEqual(1)
    expect(ends.length).toBeLessThanOrEqual(1 + givenUp.length)
    expect(own.at(-1)?.endsReservation).toBe(true)
  }
}
