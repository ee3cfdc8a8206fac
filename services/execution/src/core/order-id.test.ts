import { deriveId } from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { clientOrderIdOf, isOurName } from './order-id.ts'

const name = {
  account: 'main',
  venue: 'binance',
  intentId: deriveId('one'),
  leg: 'entry',
  attempt: 1,
} as const

describe('client order ids', () => {
  it('are the same for the same work', () => {
    expect(clientOrderIdOf(name)).toBe(clientOrderIdOf({ ...name }))
  })

  it('name venue, intent, leg and attempt', () => {
    expect(clientOrderIdOf(name)).toMatch(/^flb[0-9a-z]{20,25}-e1$/)
    expect(clientOrderIdOf({ ...name, leg: 'stop-loss', attempt: 12 })).toMatch(/-s12$/)
  })

  it('differ when anything of the work differs', () => {
    const all = [
      name,
      { ...name, attempt: 2 },
      { ...name, leg: 'exit' },
      { ...name, intentId: deriveId('two') },
      { ...name, venue: 'simulator' },
      { ...name, account: 'cautious' },
    ] as const
    expect(new Set(all.map((each) => clientOrderIdOf(each))).size).toBe(all.length)
  })

  it('fit the venues however many attempts there were', () => {
    for (let number = 0; number < 200; number++) {
      const longest = clientOrderIdOf({
        ...name,
        intentId: deriveId(String(number)),
        attempt: 99_999,
      })
      expect(longest).toMatch(/^[a-zA-Z0-9-_]{1,36}$/)
    }
  })

  it('tell our orders from those of others', () => {
    expect(isOurName(clientOrderIdOf(name))).toBe(true)
    expect(['x-TKT5PX2F0123456789', 'web_1', 'flag-day', ''].map(isOurName)).toEqual(
      Array(4).fill(false),
    )
  })
})
