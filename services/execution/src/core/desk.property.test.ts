// The desk on a venue that loses, delays, refuses and fills as it likes, in processes that die at any
// moment between commit, request and answer. Whatever happens: no order is doubled, none is lost, what
// is held is the sum of the fills, and it is protected when the venue is well again.
import type { AnyMessage } from '@flotilla/contracts'
import { Decimal, roundUpToStep, sum } from '@flotilla/money'
import type { Script } from '@flotilla/venue/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  account,
  createHarness,
  symbol,
  venueName,
  type DeskHarness,
  type HarnessOptions,
} from '../testing.ts'
import { isDust } from './position.ts'

type Command =
  | { kind: 'entry'; quantity: string; patience: number }
  | { kind: 'exit'; share: number; patience: number }
  | { kind: 'send'; which: number; script: Script | null }
  | { kind: 'receive'; which: number }
  | { kind: 'price'; price: number }
  | { kind: 'pass'; ms: number }
  | { kind: 'crash' }
  | { kind: 'lag'; queries: number }
  | { kind: 'unreachable'; reads: number }
  | { kind: 'flatten' }
  | { kind: 'resume' }
  | { kind: 'repeat' }
  | { kind: 'nibble'; share: number }
  | { kind: 'settle'; scripts: Script[] }

const scripts: fc.Arbitrary<Script | null> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: fc.constant<Script>({ kind: 'unknown-landed' }) },
  { weight: 2, arbitrary: fc.constant<Script>({ kind: 'unknown-not-landed' }) },
  { weight: 2, arbitrary: fc.constant<Script>({ kind: 'unknown-lands-later' }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Script>(
      { kind: 'rejected', code: 'throttled', retryAfterMs: 2_000 },
      { kind: 'rejected', code: 'rejected_by_venue' },
      { kind: 'rejected', code: 'insufficient_balance' },
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('0.00001', '0.0007', '0.004')
      .map((quantity): Script => ({ kind: 'partial', quantity })),
  },
)

const patience = fc.constantFrom(500, 5_000, 60_000)

const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('entry' as const),
      quantity: fc.constantFrom('0.0002', '0.01', '0.012345'),
      patience,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('exit' as const),
      share: fc.integer({ min: 1, max: 12 }),
      patience,
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant('send' as const), which: fc.nat(3), script: scripts }),
  },
  {
    weight: 9,
    arbitrary: fc.record({ kind: fc.constant('receive' as const), which: fc.nat(3) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('price' as const),
      price: fc.integer({ min: 47_500, max: 53_000 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(100, 500, 3_000, 12_000),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Command>({ kind: 'crash' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lag' as const),
      queries: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('unreachable' as const),
      reads: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'flatten' }) },
  { weight: 2, arbitrary: fc.constant<Command>({ kind: 'resume' }) },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'repeat' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('nibble' as const),
      share: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      scripts: fc.array(scripts, { maxLength: 4 }).map((all) => all.filter((one) => one !== null)),
    }),
  },
)

/** Shorter than the healing at the end. */
const HOLDING_MS_MAX = 60_000

/** Of the same account, but not ours: selling more than the position would be seen. */
const OTHERS = '5'

/** The longest pause between questions, the time to settle a doubt, the deadline, an exit in doubt. */
const UNPROTECTED_MAX_SECONDS = 120

/** Well within the time after which the venue refuses a request for its age. */
const HELD_UP_MS = 12_000

class Run {
  readonly desk: DeskHarness
  #intents = 0
  #last: Parameters<DeskHarness['approve']>[0] | null = null

  constructor(desk: DeskHarness) {
    this.desk = desk
  }

  async run(command: Command): Promise<void> {
    const { desk } = this
    switch (command.kind) {
      case 'entry':
        return this.#approve({ purpose: 'entry', quantity: command.quantity, ...wait(command) })
      case 'exit': {
        const quantity = desk.desk.position?.quantity.times(command.share).dividedBy(10, 6, 'down')
        if (quantity === undefined || !quantity.isPositive()) return
        return this.#approve({ purpose: 'exit', quantity: quantity.toString(), ...wait(command) })
      }
      case 'send':
        return this.#send(command)
      case 'receive': {
        const answer = desk.answers[command.which % Math.max(1, desk.answers.length)]
        if (answer !== undefined) await desk.receive(answer)
        return
      }
      case 'price':
        return desk.price(String(command.price))
      case 'pass':
        return this.pass(command.ms)
      case 'crash':
        return desk.restart()
      case 'lag':
        for (const id of desk.desk.watches.keys()) desk.venue.hide(id, command.queries)
        return
      case 'unreachable':
        return desk.venue.failReads('unavailable', command.reads)
      case 'nibble':
        return this.#nibble(command.share)
      case 'settle':
        desk.venue.script(...command.scripts)
        return desk.settle()
      case 'flatten':
        await desk.input({ kind: 'flatten', reason: 'told so' })
        return
      case 'resume':
        await desk.input({ kind: 'resume', reason: 'told so' })
        return
      case 'repeat':
        if (this.#last !== null) await desk.approve(this.#last)
    }
  }

  /** Somebody takes a part of what rests at the target: that ends the stop beside it. */
  async #nibble(share: number): Promise<void> {
    const open = await this.desk.venue.fetchOpenOrders(symbol).catch(() => [])
    const target = open.find(({ type }) => type === 'limit-maker')
    if (target === undefined) return
    const left = target.quantity.minus(target.filledQuantity)
    const part = left.times(share).dividedBy(10, 5, 'down')
    if (part.isPositive()) this.desk.venue.fill(target.clientOrderId, part)
  }

  async #approve(options: Omit<Parameters<DeskHarness['approve']>[0], 'name'>): Promise<void> {
    const name = `intent-${this.#intents++}`
    this.#last = { name, limitPrice: '53000', now: this.desk.now, ...options }
    await this.desk.approve(this.#last)
  }

  async #send({ which, script }: Extract<Command, { kind: 'send' }>): Promise<void> {
    const { desk } = this
    const effect = desk.effects[which % Math.max(1, desk.effects.length)]
    if (effect === undefined) return
    const writes = {
      'place-order': 'placeOrder',
      'place-protection': 'placeProtection',
      'cancel-protection': 'cancelProtection',
      'cancel-order': 'cancelOrder',
    } as const
    const method = effect.kind in writes ? writes[effect.kind as keyof typeof writes] : null
    if (script !== null && method !== null) {
      desk.venue.script({ ...script, method })
    }
    await desk.send(effect)
  }

  async pass(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 1_000) {
      const before = this.desk.now
      this.desk.now += Math.min(1_000, ms - gone)
      this.landLate(before)
      await this.desk.input({ kind: 'tick' })
    }
  }

  /** Requests that were held up arrive after up to so long. */
  landLate(before: number): void {
    const { now, venue } = this.desk
    if (Math.floor(before / HELD_UP_MS) !== Math.floor(now / HELD_UP_MS)) venue.land()
  }

  /** The venue is well, nothing more is asked for, and time goes by. */
  async heal(): Promise<void> {
    const { desk } = this
    desk.venue.forgetScripts()
    desk.venue.failReads('unavailable', 1)
    await desk.venue.fetchBalances().catch(() => null)
    for (let second = 0; second < 240; second++) {
      desk.now += 1_000
      this.landLate(desk.now - 1_000)
      await desk.input({ kind: 'tick' })
      await desk.settle()
      if (second === UNPROTECTED_MAX_SECONDS) await this.#expectNoneBare()
    }
  }

  async #expectNoneBare(): Promise<void> {
    const position = await this.desk.ledger.findPosition(account, venueName, symbol)
    if (position === null || position.quantity.isZero()) return
    expect(['protected', 'dust']).toContain(position.protection?.state)
  }
}

function wait(command: { patience: number }) {
  return { expiresInMs: command.patience }
}

type OrderSaid = { clientOrderId: string; intentId: string; leg: string; endsReservation: boolean }

async function check(desk: DeskHarness): Promise<void> {
  noOrderIsDoubled(desk)
  await fillsAreTheVenues(desk)
  await positionIsTheSumOfFills(desk)
  await everythingIsProtectedOrEnded(desk)
  everyIntentEndsOnce(desk.messages)
  await plansAreKept(desk)
  stopsNeverFall(desk.messages)
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
}

async function fillsAreTheVenues(desk: DeskHarness): Promise<void> {
  const ours = await desk.ledger.loadFills({ account, symbol })
  const text = (fill: { tradeId: string; quantity: Decimal; price: Decimal; fee: Decimal }) =>
    [fill.tradeId, fill.quantity, fill.price, fill.fee].map(String).join(' ')
  expect(ours.map(text).toSorted()).toEqual(desk.venue.allFills().map(text).toSorted())
  const carried = desk.messages.flatMap(({ payload }) =>
    'fill' in payload ? [payload.fill.tradeId] : [],
  )
  expect(carried.toSorted()).toEqual(ours.map(({ tradeId }) => tradeId).toSorted())
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

async function everythingIsProtectedOrEnded(desk: DeskHarness): Promise<void> {
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  const held = position?.quantity ?? Decimal.zero
  const open = await desk.venue.fetchOpenOrders(symbol)
  const { rules } = desk.desk.market
  const known = await desk.ledger.loadOpenOrders(account)
  expect(known.map(({ clientOrderId }) => clientOrderId).toSorted()).toEqual(
    open.map(({ clientOrderId }) => clientOrderId).toSorted(),
  )
  if (open.length === 0) {
    expect(isDust(held, desk.desk.price?.value ?? null, rules)).toBe(true)
    expect(['none', 'dust']).toContain(position?.protection?.state ?? 'none')
    return
  }
  expect(open.map(({ type }) => type).toSorted()).toEqual(['limit-maker', 'stop-loss'])
  const sold = sum(open.map(({ filledQuantity }) => filledQuantity))
  const covered = open[0]!.quantity.minus(sold)
  expect(held.minus(covered).lessThan(rules.quantityStep)).toBe(true)
  expect(covered.atMost(held)).toBe(true)
  expect(position?.protection?.state).toBe('protected')
}

async function plansAreKept(desk: DeskHarness): Promise<void> {
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  const { exits } = desk.desk
  if (position === null || exits === null) return
  expect(exits.rungs).toBeLessThanOrEqual(exits.plan.ladder.length)
  const open = await desk.venue.fetchOpenOrders(symbol)
  if (open.length > 0) expect(exits.left).toBeNull()
  if (exits.plan.holdingMsMax !== null) expect(open).toEqual([])
  const stop = open.find(({ type }) => type === 'stop-loss')?.stopPrice
  if (stop == null) return
  const wanted = position.protection?.stop
  expect(stop.toString()).toBe(roundUpToStep(wanted!, desk.desk.market.rules.priceTick).toString())
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
    expect(own.filter(({ endsReservation }) => endsReservation === true)).toHaveLength(1)
    expect(own.at(-1)?.endsReservation).toBe(true)
  }
}

/** Small market orders, so that exits go in slices. */
const options = { btc: OTHERS, rules: { marketQuantityMax: Decimal.from('0.006') } }

type Trailing = { activation: number; distance: number } | null

/** The prices of this test come into the reach of each way out. */
const plans: fc.Arbitrary<HarnessOptions['exits']> = fc.oneof(
  fc.constant(undefined),
  fc.record({
    trailing: fc.constantFrom<Trailing>(null, { activation: 0.01, distance: 0.01 }),
    ladder: fc.constantFrom<{ gain: number; share: number }[]>(
      [],
      [
        { gain: 0.01, share: 0.4 },
        { gain: 0.025, share: 0.3 },
      ],
    ),
    holdingMsMax: fc.constantFrom(null, HOLDING_MS_MAX),
  }),
)

describe('the desk', () => {
  it('neither doubles nor loses an order on any venue, through any crash', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(commands, { minLength: 10, maxLength: 60, size: 'max' }),
        plans,
        async (sequence, exits) => {
          const run = new Run(await createHarness({ ...options, exits }))
          for (const command of sequence) await run.run(command)
          await run.heal()
          await check(run.desk)
        },
      ),
      {
        numRuns: Number(process.env['FLOTILLA_PROPERTY_RUNS'] ?? 2_000),
        seed: Number(process.env['FLOTILLA_PROPERTY_SEED'] ?? 20_240_805),
      },
    )
  }, 600_000)
})
