import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accepted, desktop } from '../testing/builders.ts'
import { ById } from './by-id.ts'
import { ByPrice } from './by-price.ts'
import { NameTable } from './name-table.ts'
import { createQueue, enqueue, inOrder, leave, members, peek } from './order-queue.ts'
import type { Order } from './types.ts'

const template = accepted(desktop().send({ price: 90, quantity: 1 }))

/** Few prices, so that many stand in line; ranks come in any order, as after a restart. */
const steps = fc.array(
  fc.record({ price: fc.bigInt({ min: 1n, max: 9n }), rank: fc.nat(50), leaves: fc.nat(3) }),
  { maxLength: 60 },
)

test.each(['highest', 'lowest'] as const)('a queue has its %s price first, then rank', (best) => {
  fc.assert(
    fc.property(steps, (list) => {
      const queue = createQueue({ best, priceOf: ({ price }) => price })
      let standing: Order[] = []
      for (const [index, { price, rank, leaves }] of list.entries()) {
        const order: Order = { ...template, id: index + 1, price, rank: rank * 100 + index }
        enqueue(queue, order)
        standing.push(order)
        if (leaves === 0) {
          const gone = standing[(rank * 7) % standing.length]!
          leave(queue, gone)
          standing = standing.filter((each) => each !== gone)
        }
        const sorted = standing.toSorted((left, right) => {
          if (left.price === right.price) return left.rank - right.rank
          return left.price > right.price === (best === 'highest') ? -1 : 1
        })
        const ids = (orders: Iterable<Order>): number[] => [...orders].map(({ id }) => id)
        expect(ids(inOrder(queue))).toEqual(ids(sorted))
        expect(new Set(members(queue))).toEqual(new Set(standing))
        expect(peek(queue)).toBe(sorted[0] ?? null)
      }
    }),
    { numRuns: 150, seed: propertySeed },
  )
})

test('an order that only looks like one in the queue takes nobody away', () => {
  const queue = createQueue({ best: 'highest', priceOf: ({ price }) => price })
  enqueue(queue, template)
  leave(queue, { ...template })
  expect(peek(queue)).toBe(template)
})

test('a table of names finds what a map finds, however often names come and go', () => {
  const name = fc.integer({ min: 0, max: 400 }).map((value) => `order-${value}`)
  fc.assert(
    fc.property(fc.array(name, { maxLength: 600 }), (names) => {
      const known = new Map<string, number>()
      const called = new Map<number, string>()
      const table = new NameTable((id) => called.get(id))
      for (const [index, each] of names.entries()) {
        const id = known.get(each)
        expect(table.get(each)).toBe(id ?? 0)
        if (id === undefined) {
          table.set(each, index + 1)
          known.set(each, index + 1)
          called.set(index + 1, each)
        } else {
          table.delete(each, id)
          known.delete(each)
        }
      }
      expect([...known.keys()].map((each) => table.get(each))).toEqual([...known.values()])
    }),
    { numRuns: 100, seed: propertySeed },
  )
})

type Thing = { readonly price: bigint; next: Thing | null }

test('a table of prices finds what a map finds, however wide the prices are', () => {
  const near = fc.bigInt({ min: 0n, max: 150n }).map((ticks) => ticks * 1_000_000n)
  const high = near.map((price) => price + 2n ** 64n)
  const move = fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: high })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 600 }), (prices) => {
      const known = new Map<bigint, Thing>()
      const table = new ByPrice<Thing>()
      for (const price of prices) {
        const thing = known.get(price)
        expect(table.get(price)).toBe(thing ?? null)
        if (thing === undefined) {
          const fresh: Thing = { price, next: null }
          table.add(fresh)
          known.set(price, fresh)
        } else {
          table.delete(thing)
          known.delete(price)
        }
      }
      for (const [price, thing] of known) expect(table.get(price)).toBe(thing)
    }),
    { numRuns: 100 },
  )
})

test('things by ids are found until they go, in the order of their ids', () => {
  const move = fc.record({ id: fc.integer({ min: 1, max: 3_000 }), isGone: fc.boolean() })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 200 }), (moves) => {
      const known = new Map<number, { readonly id: number }>()
      const things = new ById<{ readonly id: number }>()
      for (const { id, isGone } of moves) {
        const thing = { id }
        const gone = isGone ? [things.delete(id), known.delete(id)] : [null, null]
        if (!isGone) things.set(id, thing)
        if (!isGone) known.set(id, thing)
        expect(gone[0]).toBe(gone[1])
        expect([things.get(id), things.size]).toEqual([known.get(id), known.size])
      }
      expect([...things.values()]).toEqual(
        [...known.values()].toSorted((left, right) => left.id - right.id),
      )
    }),
    { numRuns: 100, seed: propertySeed },
  )
})
