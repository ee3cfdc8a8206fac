// A wallet, a venue that is right by definition, and a risk manager that crashes, is overtaken, loses
// answers and hears things twice, in every order that the scheduler finds.
import { deriveId, type AnyMessage } from '@flotilla/contracts'
import {
  createLeadership,
  createMemoryLedger,
  createUnitProcessor,
  LedgerUnavailableError,
  type Ledger,
} from '@flotilla/ledger'
import { Decimal, roundDownToStep, sum } from '@flotilla/money'
import { SharedConfigSchema } from '@flotilla/fleet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decide,
  fundsOf,
  notePrice,
  takeOrder,
  takeStock,
  takeTrim,
  type Book,
  type IntentMessage,
  type Limits,
  type OrderMessage,
} from './core/index.ts'
import { readBudget } from './core/budgets.ts'
import { positionOf } from './core/position.ts'
import { AccountDesk } from './desk.ts'
import { RiskStore } from './store.ts'
import {
  book as bookOf,
  decimal,
  intentMessage,
  limits,
  orderMessage,
  sizing,
  testNow,
  type OrderOptions,
} from './testing.ts'
import { emptyMarketStore } from './testing/rig.ts'

const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'] as const
type Symbol = (typeof symbols)[number]
const step = decimal('0.00001')
/** FLOTILLA_SEQUENCES=20000 looks longer. */
const sequences = Number(process.env['FLOTILLA_SEQUENCES'] ?? 5_000)
const feeRate = decimal('0.001')
const startMoney = '1000'

type Action = { readonly after: number } & Deed
type Deed =
  | { readonly kind: 'enter' | 'leave'; readonly symbol: Symbol; readonly strategy: string }
  | { readonly kind: 'fill'; readonly order: number; readonly quarter: number }
  | { readonly kind: 'cancel' | 'unknown'; readonly order: number }
  | { readonly kind: 'stop-out'; readonly symbol: Symbol; readonly quarter: number }
  | { readonly kind: 'hear-again'; readonly message: number }
  | { readonly kind: 'look'; readonly hours: number }
  | { readonly kind: 'trim'; readonly symbol: Symbol }
  | { readonly kind: 'market-moves'; readonly symbol: Symbol; readonly percent: number }
  | { readonly kind: 'crash' | 'lose-answer' | 'lose-request' | 'pause' }

const symbol = fc.constantFrom(...symbols)
const strategy = fc.constantFrom('one', 'two', 'three')
const order = fc.nat({ max: 7 })
const quarter = fc.integer({ min: 1, max: 4 })
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('enter' as const), symbol, strategy }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('leave' as const), symbol, strategy }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('fill' as const), order, quarter }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), order }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unknown' as const), order }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stop-out' as const), symbol, quarter }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('hear-again' as const), message: fc.nat() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('trim' as const), symbol }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('look' as const), hours: fc.nat({ max: 30 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('market-moves' as const),
      symbol,
      percent: fc.integer({ min: 60, max: 120 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('crash', 'lose-answer', 'lose-request', 'pause'),
    }),
  },
)

/** Some follow at once, some when others have had their turns. */
const after = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 12 }))
const action = fc.tuple(after, deed).map(([turns, each]): Action => ({ after: turns, ...each }))

/** A share of all, or a risk whose near stop asks for more than there is. */
const policy = fc
  .record({
    method: fc.constantFrom('balance-share', 'fixed-risk'),
    confidenceScaleMin: fc.constantFrom('0.4', '1').map(decimal),
    budgets: fc.constantFrom<Record<string, string>>({}, { one: '0.5', two: '0.2' }),
  })
  .map(({ budgets, ...each }) =>
    limits({
      balanceShare: decimal('0.3'),
      addToPositions: true,
      budgets: new Map(Object.entries(budgets).map(([name, text]) => [name, decimal(text)])),
      sizing: sizing({ ...each, riskShare: decimal('0.02') }),
    }),
  )

describe('whatever happens, in whatever order', () => {
  it(
    '0 <= reserved <= total at every commit, and the rebuilt book is the book',
    { timeout: 20 * 60_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(action, { minLength: 10, maxLength: 60 }),
          policy,
          async (scheduler, actions, limitsOfRun) => {
            const world = new World(scheduler, limitsOfRun)
            await scheduler.waitFor(world.play(actions))
          },
        ),
        { numRuns: sequences },
      )
    },
  )
})

type Placed = Pick<IntentMessage['payload'], 'intentId' | 'symbol' | 'side' | 'expectedPrice'>

type VenueOrder = {
  readonly reservationId: string
  readonly symbol: Symbol
  readonly side: 'buy' | 'sell'
  readonly quantity: Decimal
  readonly limitPrice: Decimal
  filled: Decimal
  filledQuote: Decimal
  ended: boolean
}

class World {
  readonly #scheduler: fc.Scheduler
  readonly #limits: Limits
  readonly #memory = createMemoryLedger()
  readonly #ledger: Ledger
  readonly #orders: VenueOrder[] = []
  /** What the venue says the account owns. */
  readonly #owned = new Map<string, Decimal>([['USDT', decimal(startMoney)]])
  readonly #sent: AnyMessage[] = []
  readonly #queues = new Map<string, Promise<void>>()
  #desk: Promise<AccountDesk> | null = null
  #life = 0
  #names = 0
  #lookedAt = testNow
  readonly #looks: Promise<unknown>[] = []
  #fault: 'lose-answer' | 'lose-request' | null = null

  constructor(scheduler: fc.Scheduler, limitsOfRun: Limits) {
    this.#scheduler = scheduler
    this.#limits = limitsOfRun
    this.#ledger = { ...this.#memory, commit: (units, fence) => this.#commit(units, fence) }
  }

  async play(actions: readonly Action[]): Promise<void> {
    await this.#memory.commit([
      this.#store().accountOpening([{ asset: 'USDT', total: decimal(startMoney) }], testNow),
    ])
    this.#begin()
    this.#look(0)
    for (const each of actions) {
      for (let turn = 0; turn < each.after; turn++) await this.#turn('action')
      this.#act(each)
    }
    await this.#settleDown()
    await this.#checkEnd()
  }

  #act(each: Action): void {
    switch (each.kind) {
      case 'enter':
        return this.#tell(this.#intent(each, 'entry'))
      case 'leave':
        return this.#tell(this.#intent(each, 'exit'))
      case 'fill':
        return this.#fill(each)
      case 'cancel':
        return this.#cancel(this.#openOrder(each.order))
      case 'unknown':
        return
      case 'stop-out':
        return this.#stopOut(each)
      case 'hear-again': {
        const message = this.#sent[each.message % Math.max(1, this.#sent.length)]
        return message === undefined ? undefined : this.#tell(message)
      }
      case 'look':
        return this.#look(each.hours)
      case 'trim':
        return this.#trim(each.symbol)
      case 'market-moves':
        return this.#moveMarket(each)
      case 'crash':
        return this.#begin()
      case 'lose-answer':
      case 'lose-request':
        this.#fault = each.kind
        return
      case 'pause':
    }
  }

  /** A new life takes the lease; what the old one still wants to commit is refused. */
  #begin(): void {
    this.#life += 1
    const leadership = createLeadership({
      ledger: this.#memory,
      role: 'risk-manager:main',
      instance: '1',
      onLost: () => undefined,
    })
    this.#desk = (async () => {
      const fence = await leadership.acquire()
      await leadership.release()
      const processor = createUnitProcessor({
        ledger: this.#ledger,
        consumer: 'risk-manager',
        publish: async () => {},
        fence: () => fence,
      })
      const store = this.#store()
      const load = async (before: Book | null): Promise<Book> => {
        await this.#turn('load')
        const loaded = await store.loadBook(before ?? bookOf({}))
        return loaded!
      }
      return new AccountDesk(await load(null), {
        load,
        submit: (unit) => processor.submit(unit),
        wasProcessed: async (id) => {
          await this.#turn('look up')
          return store.wasProcessed(id)
        },
      })
    })()
  }

  #store(): RiskStore {
    const shared = SharedConfigSchema.parse({})
    return new RiskStore({ ledger: this.#ledger, marketStore: emptyMarketStore(), shared })
  }

  /** What the risk manager does by itself, between the messages. */
  #look(hours: number): void {
    this.#lookedAt += hours * 3_600_000
    const now = this.#lookedAt
    const looking = (async () => {
      const desk = await this.#desk!
      const decideWith = (each: Book) => takeStock({ book: each, limits: this.#limits, now })
      await desk.work({ message: null, mayBeOld: false, decide: decideWith })
    })()
    this.#looks.push(looking.catch(() => undefined))
  }

  #trim(name: Symbol): void {
    const limitsOfTrim = { ...this.#limits, exposureShareMax: decimal('0.1') }
    const trimming = (async () => {
      const desk = await this.#desk!
      await desk.work({
        message: null,
        mayBeOld: false,
        decide: (each) => takeTrim({ book: each, limits: limitsOfTrim, now: testNow }, name),
      })
      await this.#placeWhatIsDurable()
    })()
    this.#looks.push(trimming.catch(() => undefined))
  }

  #moveMarket({ symbol: name, percent }: { symbol: Symbol; percent: number }): void {
    const quote = { price: decimal(String(percent)), at: testNow + this.#sent.length } as const
    void this.#desk?.then(({ book }) => notePrice(book, name, { ...quote, source: 'market' }))
  }

  /** One at a time per symbol, each until it is acknowledged: what the bus promises. */
  #tell(message: AnyMessage): void {
    this.#sent.push(message)
    const { symbol: name } = message.payload as { symbol: string }
    const queue = `${message.type.split('.')[0]} ${name}`
    const before = this.#queues.get(queue) ?? Promise.resolve()
    this.#queues.set(
      queue,
      before.then(() => this.#deliver(message)),
    )
  }

  async #deliver(message: AnyMessage): Promise<void> {
    const life = this.#life
    const careless = message.type === 'strategy.intent.proposed.v1' && this.#sent.length % 2 === 0
    for (let delivery = 1; ; delivery++) {
      await this.#turn('deliver')
      try {
        const desk = await this.#desk!
        // What an earlier life may have processed is looked up; with intents that is sometimes
        // forgotten, and the ledger's inbox has to notice.
        const mayBeOld = delivery > 1 || this.#life !== life || (life > 1 && !careless)
        await this.#take(desk, message, mayBeOld)
        return
      } catch (error) {
        if (delivery > 50) throw error
      }
    }
  }

  async #take(desk: AccountDesk, message: AnyMessage, mayBeOld: boolean): Promise<void> {
    if (message.type !== 'strategy.intent.proposed.v1') {
      const fact = message as OrderMessage
      const done = await desk.work({
        message,
        mayBeOld,
        decide: (each) => {
          const work = takeOrder(each, fact)
          if (work.shortfalls.length > 0) throw new Error('more is sold than is there')
          return work
        },
      })
      expect(done.kind).not.toBe('refused')
      return
    }
    const intent = message as IntentMessage
    const decideWith = (each: Book) =>
      decide({
        book: each,
        message: intent,
        limits: this.#limits,
        now: testNow,
      })
    const done = await desk.work({ message, mayBeOld, decide: decideWith })
    expect(done.kind).not.toBe('refused')
    await this.#place(intent)
  }

  /** Execution acts on what is durable, once. */
  async #place({ payload }: { readonly payload: Placed }): Promise<void> {
    const held = await this.#memory.findReservationOfIntent('main', payload.intentId)
    if (held === null || held.state !== 'held') return
    const { reservationId } = held
    if (this.#orders.some((each) => each.reservationId === reservationId)) return
    const decision = await this.#memory.findDecision('main', payload.intentId)
    const sizing = decision?.sizing as { quantity: string; limitPrice: string | null }
    this.#orders.push({
      reservationId,
      symbol: payload.symbol as Symbol,
      side: payload.side,
      quantity: decimal(sizing.quantity),
      limitPrice: decimal(sizing.limitPrice ?? payload.expectedPrice),
      filled: Decimal.zero,
      filledQuote: Decimal.zero,
      ended: false,
    })
  }

  #fill(each: { order: number; quarter: number }): void {
    const found = this.#openOrder(each.order)
    if (found === undefined) return
    const rest = found.quantity.minus(found.filled)
    const wanted = roundDownToStep(rest.times(each.quarter).dividedBy(4, 18, 'down'), step)
    const quantity = Decimal.min(wanted, this.#sellable(found))
    if (!quantity.isPositive()) return
    const price = found.limitPrice.times(decimal(`0.99${each.quarter}`)).round(2, 'down')
    found.filled = found.filled.plus(quantity)
    found.filledQuote = found.filledQuote.plus(quantity.times(price))
    found.ended = found.filled.equals(found.quantity)
    this.#trade({ ...found, quantity, price, fills: found, last: found.ended })
  }

  #openOrder(number: number): VenueOrder | undefined {
    const open = this.#orders.filter(({ ended }) => !ended)
    return open[number % Math.max(1, open.length)]
  }

  /** The venue never sells what is not there; a stop may have been first. */
  #sellable({ side, symbol: name, quantity }: VenueOrder): Decimal {
    if (side === 'buy') return quantity
    return roundDownToStep(this.#owned.get(name.split('/')[0]!) ?? Decimal.zero, step)
  }

  #stopOut(each: { symbol: Symbol; quarter: number }): void {
    const held = this.#owned.get(each.symbol.split('/')[0]!) ?? Decimal.zero
    const quantity = roundDownToStep(held.times(each.quarter).dividedBy(4, 18, 'down'), step)
    if (!quantity.isPositive()) return
    const price = decimal('90')
    this.#trade({ symbol: each.symbol, side: 'sell', quantity, price, reservationId: null })
  }

  #trade(fill: {
    symbol: Symbol
    side: 'buy' | 'sell'
    quantity: Decimal
    price: Decimal
    reservationId: string | null
    fills?: VenueOrder
    last?: boolean
  }): void {
    const [base, quote] = fill.symbol.split('/') as [string, string]
    const notional = fill.quantity.times(fill.price)
    const buys = fill.side === 'buy'
    const received = buys ? fill.quantity : notional
    const fee = received.times(feeRate)
    const feeAsset = buys ? base : quote
    this.#own(base, buys ? fill.quantity : fill.quantity.negated())
    this.#own(quote, buys ? notional.negated() : notional)
    this.#own(feeAsset, fee.negated())
    const options: OrderOptions = {
      kind: fill.last === false ? 'partially-filled' : 'filled',
      symbol: fill.symbol,
      side: fill.side,
      reservationId: fill.reservationId,
      price: fill.price.toString(),
      quantity: fill.quantity.toString(),
      fee: fee.toString(),
      feeAsset,
      filledQuantity: (fill.fills?.filled ?? fill.quantity).toString(),
      filledQuote: (fill.fills?.filledQuote ?? notional).toString(),
      tradeId: this.#name(),
    }
    this.#tell(orderMessage(options))
  }

  #cancel(found: VenueOrder | undefined): void {
    if (found === undefined || found.ended) return
    found.ended = true
    this.#tell(
      orderMessage({
        kind: 'canceled',
        symbol: found.symbol,
        side: found.side,
        reservationId: found.reservationId,
        filledQuantity: found.filled.toString(),
        filledQuote: found.filledQuote.toString(),
        tradeId: this.#name(),
      }),
    )
  }

  #intent(
    { symbol: name, strategy: by }: { symbol: Symbol; strategy: string },
    purpose: 'entry' | 'exit',
  ): IntentMessage {
    const side = purpose === 'entry' ? 'buy' : 'sell'
    const intentId = deriveId('property', this.#name())
    return intentMessage({
      intentId,
      strategy: by,
      symbol: name,
      side,
      purpose,
      expectedPrice: '100',
    })
  }

  /** What was committed is said, also where the answer of the commit was lost. */
  async #placeWhatIsDurable(): Promise<void> {
    for (const { intentId } of await this.#memory.loadOpenReservations('main')) {
      const decision = await this.#memory.findDecision('main', intentId)
      const { symbol: name, side } = decision!
      await this.#place({ payload: { intentId, symbol: name, side, expectedPrice: '100' } })
    }
  }

  async #settleDown(): Promise<void> {
    await this.#idle()
    await this.#placeWhatIsDurable()
    for (const each of this.#orders) this.#cancel(each)
    await this.#idle()
    // An intent that waited may have become an order meanwhile.
    for (const each of this.#orders) this.#cancel(each)
    await this.#idle()
  }

  async #idle(): Promise<void> {
    let seen = -1
    while (seen !== this.#sent.length) {
      seen = this.#sent.length
      await Promise.all(this.#queues.values())
      await Promise.all(this.#looks)
    }
  }

  async #checkEnd(): Promise<void> {
    const desk = await this.#desk!
    await desk.idle()
    await desk.trusted()
    const rebuilt = (await this.#store().loadBook(null))!
    expect(ledgerPart(desk.book)).toEqual(ledgerPart(rebuilt))
    expect([...rebuilt.reservations.keys()]).toEqual([])
    for (const [asset, total] of this.#owned) {
      expect(`${asset} ${fundsOf(rebuilt, asset).total.toString()}`).toBe(
        `${asset} ${total.toString()}`,
      )
    }
    for (const name of symbols) {
      const owned = this.#owned.get(name.split('/')[0]!) ?? Decimal.zero
      expect(positionOf(rebuilt, name).toString()).toBe(owned.toString())
    }
  }

  async #commit(...[units, fence]: Parameters<Ledger['commit']>): ReturnType<Ledger['commit']> {
    await this.#turn('commit')
    const fault = this.#fault
    this.#fault = null
    if (fault === 'lose-request') throw new LedgerUnavailableError('the request was lost')
    const outcomes = await this.#memory.commit(units, fence)
    await this.#checkBalances()
    await this.#turn('answer')
    if (fault === 'lose-answer') throw new LedgerUnavailableError('the answer was lost')
    return outcomes
  }

  async #checkBalances(): Promise<void> {
    const open = await this.#memory.loadOpenReservations('main')
    for (const { asset, total, reserved } of await this.#memory.loadBalances('main')) {
      const held = open.filter((each) => each.asset === asset)
      const left = sum(held.map(({ amount, consumed }) => amount.minus(consumed)))
      expect(reserved.toString()).toBe(left.toString())
      expect(reserved.isNegative() || reserved.greaterThan(total)).toBe(false)
      if (asset === 'USDT') await this.#checkBudgets(total)
    }
  }

  /** The parts are the whole, to the last digit. */
  async #checkBudgets(total: Decimal): Promise<void> {
    const budget = readBudget(await this.#memory.recall('risk-manager', 'budget/main'))
    if (budget === null) return
    expect(sum(budget.cash.values()).toString()).toBe(total.toString())
  }

  #own(asset: string, delta: Decimal): void {
    this.#owned.set(asset, (this.#owned.get(asset) ?? Decimal.zero).plus(delta))
  }

  #name(): string {
    this.#names += 1
    return String(this.#names)
  }

  #turn(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label)
  }
}

function ledgerPart(each: Book) {
  const { account, funds, reservations, openEntries, entryMoney, positions, trades } = each
  const { tradingStates, standing, budget, owners, budgetReserved } = each
  const moved = [...funds].filter(
    ([, { total, reserved }]) => !total.isZero() || !reserved.isZero(),
  )
  return {
    account,
    funds: new Map(moved),
    reservations,
    openEntries,
    entryMoney,
    positions,
    trades,
    tradingStates,
    standing,
    budget,
    owners,
    budgetReserved,
  }
}
