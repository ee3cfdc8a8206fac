import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Decimal, isMultipleOf, roundDownToStep, roundPrice, roundUpToStep, sum } from './index.ts'

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), fc.integer({ min: 0, max: 18 }))
  .map(([coefficient, scale]) => Decimal.scaled(coefficient, scale))
const step = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: 0, max: 8 }))
  .map(([coefficient, scale]) => Decimal.scaled(BigInt(coefficient), scale))
const price = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 16n }), fc.integer({ min: 0, max: 10 }))
  .map(([coefficient, scale]) => Decimal.scaled(coefficient, scale))

test('text there and back is the same value', () => {
  fc.assert(
    fc.property(decimal, (value) => {
      expect(Decimal.from(value.toString()).equals(value)).toBe(true)
      expect(Decimal.from(value.toString()).scale).toBe(value.scale)
    }),
  )
})

test('addition and multiplication obey the laws of arithmetic', () => {
  fc.assert(
    fc.property(decimal, decimal, decimal, (a, b, c) => {
      expect(a.plus(b).minus(b).equals(a)).toBe(true)
      expect(a.plus(b).equals(b.plus(a))).toBe(true)
      expect(a.times(b.plus(c)).equals(a.times(b).plus(a.times(c)))).toBe(true)
      expect(sum([a, b, c]).equals(c.plus(b).plus(a))).toBe(true)
    }),
  )
})

test('a rounded quotient is off by less than one last digit, on the asked side', () => {
  fc.assert(
    fc.property(decimal, decimal, fc.integer({ min: 0, max: 12 }), (a, b, scale) => {
      fc.pre(!b.isZero())
      const unit = Decimal.scaled(1n, scale).times(b.abs())
      const down = a.dividedBy(b, scale, 'down').times(b)
      const up = a.dividedBy(b, scale, 'up').times(b)
      expect(down.abs().atMost(a.abs())).toBe(true)
      expect(up.abs().atLeast(a.abs())).toBe(true)
      expect(a.minus(down).abs().lessThan(unit)).toBe(true)
      expect(a.minus(up).abs().lessThan(unit)).toBe(true)
      const near = a.dividedBy(b, scale, 'half-up').times(b)
      expect(near.minus(a).abs().times(2).atMost(unit)).toBe(true)
    }),
  )
})

test('ordering agrees with subtraction', () => {
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      expect(a.lessThan(b)).toBe(a.minus(b).isNegative())
      expect(a.equals(b)).toBe(a.minus(b).isZero())
    }),
  )
})

test('a rounded quantity is a whole number of steps, never larger, and loses less than a step', () => {
  fc.assert(
    fc.property(price, step, (value, by) => {
      const down = roundDownToStep(value, by)
      expect(isMultipleOf(down, by)).toBe(true)
      expect(down.atMost(value)).toBe(true)
      expect(value.minus(down).lessThan(by)).toBe(true)
      const up = roundUpToStep(value, by)
      expect(isMultipleOf(up, by)).toBe(true)
      expect(up.atLeast(value)).toBe(true)
      expect(up.minus(value).lessThan(by)).toBe(true)
    }),
  )
})

test('rounding to the tick never makes a limit worse nor a stop later', () => {
  fc.assert(
    fc.property(price, step, (value, tick) => {
      const buy = roundPrice({ price: value, tick, side: 'buy' })
      const sell = roundPrice({ price: value, tick, side: 'sell' })
      expect(buy.atMost(value)).toBe(true)
      expect(sell.atLeast(value)).toBe(true)
      expect(isMultipleOf(buy, tick) && isMultipleOf(sell, tick)).toBe(true)
    }),
  )
})
