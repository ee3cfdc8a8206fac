import { instant } from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { analysis } from '../testing.ts'
import { momentumBreakout } from './momentum-breakout.ts'

const hour = 3_600_000
const now = 1_767_571_200_000
const strategy = momentumBreakout.configure({ ageHoursMax: 24, fadePercent: 3, risePercent: 2 })
type Pump = { readonly since: number; readonly high: number }

/** The average stands at 100. */
function evaluate(
  close: number,
  options: { pump?: Pump | null; held?: boolean; rsi?: number } = {},
) {
  const { pump = null, held = false, rsi = 70 } = options
  return strategy.evaluate({
    analysis: analysis({
      close: String(close),
      candleCloseTime: instant(now),
      indicators: { 'sma(60)': 100, 'rsi(14)': rsi },
    }),
    position: held ? { quantity: 1, averageEntryPrice: 100 } : null,
    state: { pump },
  })
}

describe('momentum-breakout', () => {
  it('a pump begins far above the average, and its first close may be bought', () => {
    expect(evaluate(101.9)).toMatchObject({ state: { pump: null }, wish: null })
    expect(evaluate(102)).toMatchObject({
      state: { pump: { since: now, high: 102 } },
      wish: { action: 'enter', setupSince: now },
    })
  })

  it('a new high of a young pump is bought, a lower close is not', () => {
    const pump = { since: now - 3 * hour, high: 103 }
    expect(evaluate(104, { pump })).toMatchObject({
      state: { pump: { since: now - 3 * hour, high: 104 } },
      wish: { action: 'enter', setupSince: now - 3 * hour },
    })
    expect(evaluate(103, { pump })).toMatchObject({ state: { pump }, wish: null })
  })

  it('a pump older than the maximum age is not bought any more', () => {
    const at = (age: number) => evaluate(104, { pump: { since: now - age, high: 103 } })
    expect(at(24 * hour)).toMatchObject({ wish: { action: 'enter' } })
    expect(at(24 * hour + 1)).toMatchObject({ wish: null, state: { pump: { high: 104 } } })
  })

  it('what has run hot is not bought', () => {
    expect(evaluate(104, { rsi: 90.1 })).toMatchObject({ wish: null })
  })

  it('a pump is over below the average, and a later one is a new one', () => {
    const pump = { since: now - hour, high: 105 }
    expect(evaluate(99.9, { pump })).toMatchObject({ state: { pump: null }, wish: null })
    expect(evaluate(100, { pump })).toMatchObject({ state: { pump } })
  })

  it('exits when the pump has faded or is over', () => {
    const pump = { since: now - hour, high: 110 }
    expect(evaluate(106.8, { pump, held: true })).toMatchObject({ wish: null })
    expect(evaluate(106.7, { pump, held: true })).toMatchObject({ wish: { action: 'exit' } })
    expect(evaluate(99, { pump, held: true })).toMatchObject({
      state: { pump: null },
      wish: { action: 'exit' },
    })
    expect(evaluate(99, { held: true })).toMatchObject({ wish: { action: 'exit' } })
  })
})
