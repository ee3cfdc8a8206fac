import { describe, expect, it } from 'vitest'
import { analysis } from '../testing.ts'
import { rsiReversion } from './rsi-reversion.ts'

const strategy = rsiReversion.configure({})

function evaluate(value: number, options: { oversold?: boolean; held?: boolean } = {}) {
  return strategy.evaluate({
    analysis: analysis({ indicators: { 'rsi(14)': value } }),
    position: options.held === true ? { quantity: 1, averageEntryPrice: 50_000 } : null,
    state: { oversold: options.oversold ?? false },
  })
}

describe('rsi-reversion', () => {
  it('waits while the market is oversold', () => {
    expect(evaluate(25)).toMatchObject({ state: { oversold: true }, wish: null })
    expect(evaluate(22, { oversold: true })).toMatchObject({ wish: null })
  })

  it('enters when the market comes back', () => {
    expect(evaluate(31, { oversold: true })).toMatchObject({
      state: { oversold: false },
      wish: { action: 'enter', confidence: 56 },
    })
  })

  it('does not enter a market that was not oversold, or that it holds', () => {
    expect(evaluate(31)).toMatchObject({ wish: null })
    expect(evaluate(31, { oversold: true, held: true })).toMatchObject({ wish: null })
  })

  it('exits at the overbought level, only when it holds', () => {
    expect(evaluate(70, { held: true })).toMatchObject({ wish: { action: 'exit' } })
    expect(evaluate(69.9, { held: true })).toMatchObject({ wish: null })
    expect(evaluate(80)).toMatchObject({ wish: null })
  })
})
