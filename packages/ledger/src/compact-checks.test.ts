import { describe, expect, it } from 'vitest'
import { compactChecks, expandChecks } from './compact-checks.ts'
import type { Json } from './records.ts'

const price = { check: 'price', outcome: 'passed', inputs: { price: '100', ageMs: 3 } }

describe('the checks of a decision', () => {
  it.each<[string, readonly Json[]]>([
    ['none', []],
    ['passed and not', [price, { check: 'size', outcome: 'sized', inputs: {} }]],
    ['without inputs that say anything', [{ check: 'side', outcome: 'passed', inputs: null }]],
    ['with more to say', [{ ...price, note: 'x' }, price]],
    ['with less', [{ check: 'price', outcome: 'passed' }, price]],
    ['of other kinds', ['text', 1, null, price]],
    ['that are lists', [['price', {}], price]],
  ])('are read as they were written: %s', (_, checks) => {
    const stored = JSON.parse(JSON.stringify(compactChecks(checks))) as Json
    expect(expandChecks(stored)).toEqual(checks)
  })

  it('take less room', () => {
    const checks = Array.from({ length: 30 }, () => price)
    const [before, after] = [checks, compactChecks(checks)].map(
      (each) => JSON.stringify(each).length,
    )
    expect(after).toBeLessThan(before! * 0.6)
  })

  it('are read as they stand where an earlier release wrote them', () => {
    expect(expandChecks([price])).toEqual([price])
  })

  it('of a later release are not guessed at', () => {
    expect(() => expandChecks({ v: 2, checks: [] })).toThrow('of version 2')
  })
})
