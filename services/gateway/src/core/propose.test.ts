import { IntentProposed, schemaOf } from '@flotilla/contracts'
import { describe, expect, test } from 'vitest'
import { context, epoch, symbols } from '../testing.ts'
import { executeRequest, propose } from './index.ts'
import type { ProposalContext } from './index.ts'

const asked = (body: object = {}) => {
  const requested = executeRequest({ symbol: 'BTC/USDT', action: 'buy', ...body }, symbols)
  if (requested.kind === 'refused') throw new Error(JSON.stringify(requested.problems))
  return requested.request
}
const proposal = (body: object = {}, overrides: Partial<ProposalContext> = {}) => {
  const proposed = propose(asked(body), context(overrides))
  if (proposed.kind === 'no-price') throw new Error(proposed.problem.message)
  return proposed.message
}

test('what goes out is an intent as the contract has it', () => {
  const message = proposal({ stopLossPrice: '47500', takeProfitPrice: '55000' })
  expect(schemaOf(IntentProposed).parse(message)).toEqual(message)
  expect(message).toMatchObject({
    source: 'gateway',
    account: 'main',
    payload: {
      strategy: 'manual',
      side: 'buy',
      purpose: 'entry',
      confidence: 70,
      expectedPrice: '50000',
      expectedPriceAt: '2026-01-04T23:59:59.000Z',
      stopLossPrice: '47500',
      takeProfitPrice: '55000',
      expiresAt: '2026-01-05T00:02:00.000Z',
    },
  })
})

test('a sale is an exit', () => {
  expect(proposal({ action: 'sell' }).payload).toMatchObject({ side: 'sell', purpose: 'exit' })
})

test('the same key is the same intent, another key another', () => {
  const { messageId, payload } = proposal()
  const later = proposal({}, { now: epoch + 5_000 })
  expect([later.messageId, later.payload.intentId]).toEqual([messageId, payload.intentId])
  const other = proposal({}, { key: 'another' })
  expect(other.messageId).not.toBe(messageId)
  expect(other.payload.intentId).not.toBe(payload.intentId)
})

describe('the price it reckons with', () => {
  test.each<[string, { price?: string }, Partial<ProposalContext>, string | null]>([
    ['is the newest one of the fleet', { price: '1' }, {}, '50000'],
    ['is good on the edge of its age', {}, { now: epoch - 1_000 + 120_000 }, '50000'],
    ['is the sender’s beyond it', { price: '49000' }, { now: epoch + 119_001 }, '49000'],
    ['is the sender’s when the fleet has none', { price: '49000' }, { lastPrice: null }, '49000'],
    ['is missing when both are', {}, { lastPrice: null }, null],
    ['is missing when only an old one is there', {}, { now: epoch + 119_001 }, null],
  ])('%s', (_name, body, overrides, price) => {
    const proposed = propose(asked(body), context(overrides))
    const outcome =
      proposed.kind === 'no-price' ? proposed.problem.field : proposed.message.payload.expectedPrice
    expect(outcome).toBe(price ?? 'price')
  })
})
