import { sum, type Decimal } from '@flotilla/money'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  book,
  decimal,
  intent,
  intentMessage,
  limits,
  orderMessage,
  reservation,
  sizing,
  testNow,
  type BookOptions,
  type OrderOptions,
} from '../testing.ts'
import { checkRow, type Row } from '../testing/verdicts.ts'
import { applyAll, createBook, type Book } from './book.ts'
import { moveCash, others, ownedBy, partsOfSale } from './budgets.ts'
import { decide, reservationIdOf } from './decide.ts'
import { takeOrder } from './take.ts'
import { takeStock } from './take-stock.ts'
import { netAssetValue } from './valuation.ts'

const strategy = 'ema-crossover'
const shares = (text: Record<string, string>) =>
  new Map(Object.entries(text).map(([name, share]) => [name, decimal(share)]))
const budgets = shares({ [strategy]: '0.25', canary: '0.05' })
const rich: BookOptions = { funds: { USDT: '10000' } }

/** As after the first valuation. */
function divided(options: BookOptions = rich, parts = budgets): Book {
  const made = book(options)
  value(made, parts)
  return made
}

function value(made: Book, parts = budgets, now = testNow) {
  const work = takeStock({ book: made, limits: limits({ budgets: parts }), now })
  applyAll(made, work.changes)
  return work.valued
}

const cashOf = (made: Book) =>
  Object.fromEntries([...(made.budget?.cash ?? [])].map(([name, cash]) => [name, cash.toString()]))
const divide = (made: Book) => {
  value(made)
}
const owned = (made: Book) => {
  value(made)
  // Of the 2500 of the strategy 500 are set aside already.
  const held = reservation({ symbol: 'ETH/USDT', amount: decimal('500') })
  made.owners.set(held.reservationId, strategy)
  const { reservationId } = held
  applyAll(made, [{ kind: 'reservation-held', reservation: { ...held, reservationId } }])
}

const rows: Row[] = [
  {
    title: 'a share of the balance is a share of its own',
    book: rich,
    prepare: divide,
    limits: { budgets, balanceShare: decimal('0.5') },
    denied: null,
    size: '0.02487 for 1250 USDT',
  },
  {
    title: 'the whole budget can be spent',
    book: rich,
    prepare: owned,
    limits: { budgets, balanceShare: decimal('0.8') },
    denied: null,
    size: '0.0398 for 2000 USDT',
  },
  {
    title: 'and not a cent more',
    book: rich,
    prepare: owned,
    limits: { budgets, balanceShare: decimal('0.800004') },
    denied: { code: 'budget_exceeded', strategy, required: '2000.01', available: '2000' },
  },
  {
    title: 'who is not named has what is left',
    book: rich,
    prepare: divide,
    intent: intent({ strategy: 'another' }),
    limits: { budgets, balanceShare: decimal('1') },
    denied: null,
    size: '0.1393 for 7000 USDT',
  },
  {
    title: 'before the account is divided nobody has anything',
    book: rich,
    limits: { budgets, balanceShare: decimal('0.1') },
    denied: { code: 'budget_exceeded', available: '0' },
  },
  {
    // 1 % of 2500 over a distance of 2750.
    title: 'a risk is a share of its own',
    book: rich,
    prepare: divide,
    limits: { budgets, sizing: sizing({ method: 'fixed-risk', riskShare: decimal('0.01') }) },
    denied: null,
    adjustments: [],
    size: '0.00909 for 456.78 USDT',
  },
  {
    title: 'a risk with a near stop takes what is left of it',
    book: rich,
    prepare: owned,
    intent: intent({ stopLossPrice: '49999' }),
    limits: { budgets, sizing: sizing({ method: 'fixed-risk', riskShare: decimal('0.05') }) },
    denied: null,
    adjustments: ['budget-capped'],
    size: '0.0398 for 2000 USDT',
  },
]

describe('a budget, on both sides of its edge', () => {
  it.each(rows)('$title', checkRow)
})

describe('the parts of an account', () => {
  it('are the whole', () => {
    expect(cashOf(divided())).toEqual({ [strategy]: '2500', canary: '500', [others]: '7000' })
    const odd = divided({ funds: { USDT: '100.000000001' } }, shares({ a: '0.3333', b: '0.1' }))
    expect(cashOf(odd)).toEqual({ a: '33.33', b: '10', [others]: '56.670000001' })
  })

  it('stay as they are, until they are configured otherwise', () => {
    const made = divided()
    const { budget } = made
    made.funds.set('USDT', { total: decimal('5000'), reserved: decimal('0') })
    value(made)
    expect(made.budget).toBe(budget)
    value(made, shares({ [strategy]: '0.5' }))
    expect(cashOf(made)).toEqual({ [strategy]: '2500', [others]: '2500' })
    value(made, new Map())
    expect(made.budget).toBeNull()
  })

  it('count what is held when they are divided anew', () => {
    const made = divided({
      funds: { USDT: '9000', BTC: '0.02' },
      positions: { 'BTC/USDT': '0.02' },
    })
    const position = made.positions.get('BTC/USDT')!
    made.positions.set('BTC/USDT', { ...position, owners: new Map([[strategy, decimal('0.02')]]) })
    value(made, shares({ [strategy]: '0.2' }))
    // A fifth of 10000 is 2000, of which 1000 are bitcoin.
    expect(cashOf(made)).toEqual({ [strategy]: '1000', [others]: '8000' })
  })

  it('are told with what they hold, and come to the value of the account', () => {
    const made = divided({
      funds: { USDT: '9000', BTC: '0.02' },
      positions: { 'BTC/USDT': '0.02' },
    })
    const told = value(made).budgets ?? []
    expect(told.find((each) => each.strategy === strategy)).toEqual({
      strategy,
      cash: '2500',
      reserved: '0',
      equity: '2500',
    })
    const all = sum(told.map(({ equity }) => decimal(equity)))
    expect(all.toString()).toBe(netAssetValue(made).toString())
  })
})

describe('money that moves', () => {
  /** Buys by the strategy; what comes after is up to the test. */
  function afterEntry(...orders: readonly OrderOptions[]) {
    const made = divided()
    const message = intentMessage({ strategy })
    const question = { book: made, limits: limits({ budgets }), now: testNow }
    applyAll(made, decide({ ...question, message }).changes)
    const reservationId = reservationIdOf('main', message.payload.intentId)
    const ours = orders.map((each) => ({ reservationId, ...each }))
    for (const [index, each] of ours.entries()) {
      const tradeId = String(index)
      applyAll(made, takeOrder(made, orderMessage({ ...each, tradeId })).changes)
    }
    return made
  }
  const stopped: OrderOptions = { side: 'sell', leg: 'stop-loss', reservationId: null }

  it('is set aside from its budget, and free again when the order ends', () => {
    expect(afterEntry().budgetReserved.get(strategy)?.toString()).toBe('2000')
    const ended = afterEntry({ kind: 'canceled' })
    expect(ended.budgetReserved.size).toBe(0)
    expect(ended.owners.size).toBe(0)
  })

  it('of a purchase is taken from its budget, and of its stop goes there', () => {
    const bought = afterEntry({ quantity: '0.01', fee: '0.5' })
    expect(cashOf(bought)).toEqual({ [strategy]: '1999.5', canary: '500', [others]: '7000' })
    const position = bought.positions.get('BTC/USDT')!
    expect(ownedBy(position, strategy).toString()).toBe('0.01')
    const sold = afterEntry({ quantity: '0.01' }, { ...stopped, quantity: '0.01', price: '45000' })
    expect(cashOf(sold)).toEqual({ [strategy]: '2450', canary: '500', [others]: '7000' })
  })

  it('of a sale beyond its own is of the others', () => {
    const sold = afterEntry({ quantity: '0.01' }, { ...stopped, quantity: '0.02' })
    expect(cashOf(sold)).toMatchObject({ [strategy]: '2500', [others]: '7500' })
  })

  it('is the same on a book that was loaded', () => {
    const made = afterEntry({ kind: 'partially-filled', quantity: '0.01' })
    const [open] = made.reservations.values()
    const { budget } = made
    const text = (amounts: ReadonlyMap<string, Decimal>) =>
      Object.fromEntries([...amounts].map(([name, amount]) => [name, amount.toString()]))
    const memory = [
      { key: `owner/main/${open!.reservationId}`, value: strategy },
      { key: 'budget/main', value: { shares: text(budget!.shares), cash: text(budget!.cash) } },
    ].map((each) => ({ agent: 'risk-manager' as const, ...each }))
    const { account } = made
    const loaded = createBook({ account, balances: [], reservations: [open!], memory })
    expect(loaded.budget).toEqual(budget)
    expect(loaded.budgetReserved).toEqual(made.budgetReserved)
  })

  it('is divided without losing a digit, whatever the parts', () => {
    const amount = fc.integer({ min: 1, max: 1_000_000 }).map((each) => decimal(`0.00${each}`))
    const part = fc.record({
      name: fc.constantFrom(strategy, 'canary', 'another'),
      quantity: amount,
    })
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), amount, fc.boolean(), (parts, moved, out) => {
        const made = divided()
        const delta = out ? moved.negated() : moved
        applyAll(made, moveCash(made, delta, parts))
        const total = sum(made.budget!.cash.values())
        expect(total.toString()).toBe(decimal('10000').plus(delta).toString())
      }),
      { numRuns: 300, seed: propertySeed },
    )
  })
})

describe('a sale of several', () => {
  const position = (owners: Record<string, string>) => {
    const made = book({ funds: { BTC: '1' }, positions: { 'BTC/USDT': '1' } })
    return { ...made.positions.get('BTC/USDT')!, owners: shares(owners) }
  }
  const partsOf = (owners: Record<string, string>, quantity: string, seller: string) =>
    partsOfSale(position(owners), decimal(quantity), seller).map(
      (part) => `${part.name} ${part.quantity.toString()}`,
    )

  it('is of the seller first, then of who has no budget, then of the rest', () => {
    const owners = { one: '0.4', two: '0.3' }
    expect(partsOf(owners, '0.4', 'one')).toEqual(['one 0.4'])
    expect(partsOf(owners, '0.9', 'one')).toEqual(['one 0.4', '* 0.3', 'two 0.2'])
    expect(partsOf(owners, '0.5', '*')).toEqual(['* 0.3', 'one 0.2'])
    expect(partsOf(owners, '1.1', 'two')).toEqual(['two 0.3', '* 0.3', 'one 0.4', '* 0.1'])
  })
})
