import { Decimal } from '@flotilla/money'
import { expect, it } from 'vitest'
import { candle, candles } from '../testing.ts'
import { revisionOf } from './corrections.ts'

it('finds what the venue changed and what we lack, and nothing else', () => {
  const stored = [...candles(0, 3), ...candles(4, 6)]
  const changed = candle(1, { baseVolume: Decimal.from('1.51') })
  const answered = [
    candle(0, { open: Decimal.from('50000.00') }),
    changed,
    changed,
    candle(3),
    candle(4, { close: Decimal.from(1), low: Decimal.from(1), closed: false }),
    candle(5),
  ]
  expect(revisionOf(stored, answered)).toEqual({ corrected: [changed], missing: [candle(3)] })
})

it('takes silence for no correction', () => {
  expect(revisionOf(candles(0, 5), [])).toEqual({ corrected: [], missing: [] })
})
