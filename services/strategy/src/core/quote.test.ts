import { describe, expect, it } from 'vitest'
import { epoch, ticker } from '../testing.ts'
import { newerQuote, quoteOf } from './index.ts'

const quote = (overrides: Parameters<typeof ticker>[1] = {}) =>
  quoteOf(ticker(0, overrides).payload)

describe('a quote', () => {
  it('has the spread in per cent of the middle and the volume in quote currency', () => {
    expect(quote()).toEqual({ quoteVolume24h: 20_000, spreadPercent: 1, observedAt: epoch })
  })

  it('is honest about what the venue does not say', () => {
    expect(quote({ bid: null, quoteVolume24h: null })).toMatchObject({
      quoteVolume24h: null,
      spreadPercent: null,
    })
    expect(quote({ ask: null })).toMatchObject({ spreadPercent: null })
  })

  it('has no spread below zero', () => {
    expect(quote({ bid: '101', ask: '100' })).toMatchObject({ spreadPercent: 0 })
  })

  it('that comes late does not replace a newer one', () => {
    const [early, late] = [quoteOf(ticker(1).payload), quoteOf(ticker(2).payload)]
    expect(newerQuote(null, early)).toBe(early)
    expect(newerQuote(early, late)).toBe(late)
    expect(newerQuote(late, early)).toBe(late)
  })
})
