import { expect, it } from 'vitest'
import { decision } from './testing/index.ts'
import { readDecision, writeDecision } from './written-decision.ts'

const record = decision({
  decisionId: 'd-1',
  checks: [
    { check: 'price', outcome: 'passed', inputs: { price: '100', said: 'line\nbreak' } },
    { check: 'size', outcome: 'sized', inputs: {} },
  ],
  reasons: [{ code: 'no_price', symbol: 'BTC/USDT' }],
  sizing: null,
})

it('a decision that was written is read as it was', () => {
  const written = writeDecision(record)
  expect(readDecision(written)).toEqual(record)
  expect(readDecision(record)).toBe(record)
  expect(writeDecision(written)).toBe(written)
})

it('no part of a written decision breaks its line', () => {
  for (const text of Object.values(writeDecision(record).written)) expect(text).not.toContain('\n')
})
