import { describe, expect, it } from 'vitest'
import { ended, filled, minute } from '../testing.ts'
import {
  afterFailure,
  afterFill,
  afterTrade,
  freshRecord,
  isOrderFailure,
  parseRecord,
} from './index.ts'
import type { SymbolRecord } from './index.ts'

const limits = {
  cooldownMs: minute,
  quarantineFailures: 3,
  quarantineWithinMs: 10 * minute,
  quarantineMs: 60 * minute,
}
const fail = (record: SymbolRecord, ...minutes: readonly number[]) =>
  minutes.reduce((each, at) => afterFailure(each, { now: at * minute, limits }), record)

describe('the quarantine of a symbol', () => {
  it('begins with the third failure within the time, and the count begins anew', () => {
    expect(fail(freshRecord, 1, 2)).toMatchObject({ quarantinedUntil: 0 })
    expect(fail(freshRecord, 1, 2, 10.9)).toEqual({
      ...freshRecord,
      failures: [],
      quarantinedUntil: 70.9 * minute,
    })
  })

  it('does not come of failures far apart', () => {
    expect(fail(freshRecord, 1, 6, 11)).toMatchObject({
      failures: [6 * minute, 11 * minute],
      quarantinedUntil: 0,
    })
  })

  it('does not come of failures with a fill between them', () => {
    const healed = afterFill(fail(freshRecord, 1, 2))
    expect(healed).toEqual(freshRecord)
    expect(fail(healed!, 3, 4)).toMatchObject({ quarantinedUntil: 0 })
  })

  it('a fill of a symbol without failures is no news', () => {
    expect(afterFill(freshRecord)).toBeNull()
  })
})

it('a pause between entries is only made longer, never shorter', () => {
  const record = afterTrade(freshRecord, { now: 5 * minute, limits })
  expect(record.entryCooldownUntil).toBe(6 * minute)
  expect(afterTrade(record, { now: 2 * minute, limits })).toEqual(record)
})

it.each([
  ['a rejected order', ended('rejected', intentId()), true],
  ['an order that never got there', ended('expired', intentId(), { code: 'not_placed' }), true],
  ['an order that found nobody to trade with', ended('expired', intentId()), false],
  [
    'an approval that came too late',
    ended('expired', intentId(), { code: 'intent_expired' }),
    false,
  ],
  ['an order that was canceled', ended('canceled', intentId()), false],
  ['a filled order', filled(intentId()), false],
])('%s: failure %#', (_statement, message, expected) => {
  expect(isOrderFailure(message)).toBe(expected)
})

describe('a stored record', () => {
  it('is itself again', () => {
    const record = afterTrade(fail(freshRecord, 1, 2), { now: minute, limits })
    expect(parseRecord(JSON.parse(JSON.stringify(record)))).toEqual(record)
  })

  it.each([null, 'text', {}, { ...freshRecord, failures: ['yesterday'] }])(
    '%j is not one',
    (value) => {
      expect(parseRecord(value)).toBeNull()
    },
  )
})

function intentId(): string {
  return '7b0c4f5e-9d1a-5c0f-b1f6-a9f3c2d85e67'
}
