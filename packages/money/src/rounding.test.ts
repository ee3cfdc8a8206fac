import { describe, expect, test } from 'vitest'
import { Decimal, isMultipleOf, roundDownToStep, roundPrice, roundUpToStep } from './index.ts'

const d = (text: string) => Decimal.from(text)

describe('a step', () => {
  test.each([
    ['0.123456', '0.001', '0.123', '0.124'],
    ['0.5', '0.25', '0.5', '0.5'],
    ['7', '3', '6', '9'],
    ['0.0000009', '0.000001', '0', '0.000001'],
  ])('takes %s in steps of %s down to %s and up to %s', (value, step, down, up) => {
    expect(roundDownToStep(d(value), d(step)).toString()).toBe(down)
    expect(roundUpToStep(d(value), d(step)).toString()).toBe(up)
  })

  test('of zero changes nothing', () => {
    expect(roundDownToStep(d('1.23'), Decimal.zero).toString()).toBe('1.23')
    expect(isMultipleOf(d('1.23'), Decimal.zero)).toBe(true)
  })

  test('below zero is refused', () => {
    expect(() => roundDownToStep(d('1'), d('-0.1'))).toThrow(/not a step: -0.1/)
  })
})

describe('a price rounded to the tick', () => {
  test.each([
    ['buy', '100.17', '100.1'],
    ['sell', '100.11', '100.2'],
    ['sell', '100.1', '100.1'],
    ['buy', '100.1', '100.1'],
  ] as const)('for a %s at %s is %s', (side, price, rounded) => {
    expect(roundPrice({ price: d(price), tick: d('0.1'), side }).toString()).toBe(rounded)
  })
})
