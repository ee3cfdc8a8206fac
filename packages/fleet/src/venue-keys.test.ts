import { createTestContext } from '@flotilla/runtime/testing'
import { createFakeVenue } from '@flotilla/venue/testing'
import { expect, test } from 'vitest'
import { SharedConfigSchema } from './shared-config.ts'
import { followKeys, keysInSettings } from './venue-keys.ts'

const sharedWith = (venue: object) => SharedConfigSchema.parse({ venue })
const live = { kind: 'binance', id: 'binance', testnet: true }
const shared = sharedWith({ ...live, apiKey: 'old', apiSecret: 'old' })
const { logger } = createTestContext('execution')

test.each([
  ['others of the same venue', { ...live, apiKey: 'new', apiSecret: 'secret' }, 'new'],
  ['half of them', { ...live, apiKey: 'new' }, undefined],
  ['those of another network', { ...live, testnet: false, apiKey: 'n', apiSecret: 's' }, undefined],
  ['those of another venue', { ...live, kind: 'mexc', apiKey: 'n', apiSecret: 's' }, undefined],
])('of %s only those are taken that are for the same place', (_, venue, expected) => {
  const settings = () => ({ shared: sharedWith(venue) })
  expect(keysInSettings({ settings, shared, logger })?.apiKey).toBe(expected)
})

test('settings that make no sense, and none, leave the old ones', () => {
  const settings = () => {
    throw new Error('no such file')
  }
  expect(keysInSettings({ settings, shared, logger })).toBeNull()
  expect(keysInSettings({ shared, logger })).toBeNull()
})

test('other keys are looked for while the ones in use are refused, and at no other time', async () => {
  const context = createTestContext('execution')
  const venue = createFakeVenue()
  let reads = 0
  const settings = () => {
    reads += 1
    return { shared: sharedWith({ ...live, apiKey: 'new', apiSecret: 'new' }) }
  }
  const follower = followKeys(venue, { settings, shared }, context)
  await context.clock.advance(60_000)
  expect(reads).toBe(0)
  venue.state = { ...venue.state, keysRefused: 'refused' }
  await context.clock.advance(10_000)
  expect(venue.callsOf('useKeys')).toHaveLength(1)
  await follower.stop()
})
