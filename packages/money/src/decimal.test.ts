import { describe, expect, test } from 'vitest'
import { Decimal, sum } from './index.ts'

describe('reading', () => {
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['1', '1'],
    ['1.50', '1.5'],
    ['-12.0500', '-12.05'],
    ['0.00000001', '0.00000001'],
    ['123456789012345678901234567890.123456789', '123456789012345678901234567890.123456789'],
    ['007.70', '7.7'],
  ])('%s is kept as %s', (text, shown) => {
    expect(Decimal.from(text).toString()).toBe(shown)
  })

  test.each(['', ' 1', '1 ', '+1', '1e3', '.5', '5.', '1,5', 'NaN', 'Infinity', '0x10', '1_000'])(
    'the text "%s" is refused',
    (text) => {
      expect(Decimal.isDecimal(text)).toBe(false)
      expect(() => Decimal.from(text)).toThrow(/not a decimal number/)
    },
  )

  test.each([0.1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'the number %d is refused because it is not exact',
    (value) => {
      expect(() => Decimal.from(value)).toThrow(/not an exact decimal/)
    },
  )

  test('a text of hundreds of digits is refused and not echoed whole', () => {
    expect(() => Decimal.from('9'.repeat(500))).toThrow(/^not a decimal number: "9{40}\.\.\."/)
  })
})

describe('arithmetic', () => {
  test('what floating point gets wrong is exact', () => {
    expect(Decimal.from('0.1').plus('0.2').toString()).toBe('0.3')
    expect(Decimal.from('84.54').times('0.8').toString()).toBe('67.632')
    expect(Decimal.from('84.54').minus('67.63').toString()).toBe('16.91')
  })

  test.each([
    ['10', '3', 2, 'down', '3.33'],
    ['10', '3', 2, 'up', '3.34'],
    ['10', '3', 2, 'half-up', '3.33'],
    ['5', '2', 0, 'half-up', '3'],
    ['-5', '2', 0, 'half-up', '-3'],
    ['-10', '3', 2, 'down', '-3.33'],
    ['-10', '3', 2, 'up', '-3.34'],
    ['1', '8', 3, 'up', '0.125'],
    ['0.00000001', '3', 8, 'up', '0.00000001'],
    ['0.00000001', '3', 8, 'down', '0'],
    ['12345', '0.001', 0, 'down', '12345000'],
  ] as const)('%s / %s to %d digits, %s, is %s', (left, right, scale, mode, shown) => {
    expect(Decimal.from(left).dividedBy(right, scale, mode).toString()).toBe(shown)
  })

  test('division by zero is refused', () => {
    expect(() => Decimal.one.dividedBy('0', 2, 'down')).toThrow(/division by zero/)
  })

  test.each([
    ['1.005', 2, 'half-up', '1.01'],
    ['1.004', 2, 'half-up', '1'],
    ['-1.005', 2, 'half-up', '-1.01'],
    ['1.009', 2, 'down', '1'],
    ['1.001', 2, 'up', '1.01'],
    ['1.1', 4, 'up', '1.1'],
  ] as const)('%s rounded to %d digits, %s, is %s', (text, scale, mode, shown) => {
    expect(Decimal.from(text).round(scale, mode).toString()).toBe(shown)
  })

  test('a sum is exact and zero for nothing', () => {
    expect(sum(['0.1', '0.2', '0.7'].map((each) => Decimal.from(each))).toString()).toBe('1')
    expect(sum([]).isZero()).toBe(true)
  })

  test('the least and the greatest of several are found', () => {
    const [a, b, c] = ['3', '-1', '2.5'].map((each) => Decimal.from(each))
    expect(Decimal.min(a!, b!, c!).toString()).toBe('-1')
    expect(Decimal.max(a!, b!, c!).toString()).toBe('3')
  })
})

describe('showing', () => {
  test.each([
    ['1', 8, '1.00000000'],
    ['1.239', 2, '1.24'],
    ['12', 0, '12'],
    ['-0.5', 3, '-0.500'],
  ])('%s with %d digits is %s', (text, scale, shown) => {
    expect(Decimal.from(text).toFixed(scale)).toBe(shown)
  })

  test('JSON carries the plain text', () => {
    expect(JSON.stringify({ price: Decimal.from('50000.10') })).toBe('{"price":"50000.1"}')
  })

  test('a value that needs more digits than the scale has is refused', () => {
    expect(() => Decimal.from('0.001').at(2)).toThrow(/does not fit/)
  })
})
