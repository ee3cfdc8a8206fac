import { expect, it } from 'vitest'
import { memory, position } from '../testing.ts'
import { newer, parseMemory, positionOf } from './index.ts'

it('a memory comes back from JSON as it went in', () => {
  const value = memory({
    state: { above: 3, list: [1, 'two', null] },
    openIntent: { intentId: 'a', purpose: 'exit', expiresAt: 5 },
    entered: true,
    lastCandle: 7,
  })
  expect(parseMemory(JSON.parse(JSON.stringify(value)))).toEqual(value)
})

it.each([null, 'text', {}, { ...memory(), entered: 'yes' }])('%o is no memory', (value) => {
  expect(parseMemory(value)).toBeNull()
})

it.each([
  ['0', 'none', null],
  ['0.00000001', 'dust', null],
  ['1', 'none', null],
  ['1', 'unprotected', { quantity: 1, averageEntryPrice: 50_000 }],
  ['1', 'closing', { quantity: 1, averageEntryPrice: 50_000 }],
] as const)('a quantity of %s in state %s is held as %o', (quantity, state, held) => {
  expect(positionOf(position(1, quantity, state).payload).held).toEqual(held)
})

it('an older position does not replace a newer one', () => {
  const [first, second] = [1, 2].map((version) => ({ version, held: null }))
  expect(newer(second, first!)).toBe(second)
  expect(newer(first, second!)).toBe(second)
  expect(newer(undefined, first!)).toBe(first)
})
