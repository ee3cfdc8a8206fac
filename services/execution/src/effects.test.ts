import { createFakeVenue } from '@flotilla/venue/testing'
import { VenueError } from '@flotilla/venue'
import { describe, expect, it } from 'vitest'
import { carryOut, inMarketTime } from './effects.ts'

const symbol = 'BTC/USDT'
const query = { key: 'ask:x', kind: 'query-order', clientOrderId: 'x', venueOrderId: null } as const

describe('a call to the venue', () => {
  it('that is a read which fails says nothing about the order, and when to ask again', async () => {
    const venue = createFakeVenue()
    venue.queryOrder = () =>
      Promise.reject(new VenueError('throttled', 'slow down', { retryAfterMs: 7_000 }))
    expect(await carryOut(venue, symbol, query)).toEqual({
      key: 'ask:x',
      kind: 'read-failed',
      subject: 'x',
      retryAfterMs: 7_000,
      reason: 'slow down',
    })
  })

  it('that is a write which throws against its promise has an unknown outcome', async () => {
    const venue = createFakeVenue()
    venue.cancelProtection = () => Promise.reject(new Error('broken'))
    const effect = { key: 'cancel:p', kind: 'cancel-protection', listId: 'p' } as const
    expect(await carryOut(venue, symbol, effect)).toMatchObject({ outcome: { kind: 'unknown' } })
  })

  it('tells pauses in real time, which are longer on an accelerated market', async () => {
    const venue = createFakeVenue()
    venue.failReads('timeout')
    const answer = await carryOut(venue, symbol, query)
    expect(inMarketTime(answer, 60)).toMatchObject({ retryAfterMs: 30_000 })
    const outcome = {
      kind: 'rejected',
      code: 'throttled',
      reason: 'slow',
      retryAfterMs: 1,
    } as const
    const placed = { key: 'place:x', kind: 'order-placed', clientOrderId: 'x', outcome } as const
    expect(inMarketTime(placed, 60)).toMatchObject({ outcome: { retryAfterMs: 60 } })
  })
})
