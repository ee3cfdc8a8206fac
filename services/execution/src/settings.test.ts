import { SharedConfigSchema } from '@flotilla/fleet'
import { createFakeVenue } from '@flotilla/venue/testing'
import { describe, expect, it } from 'vitest'
import { ExecutionConfig } from './config.ts'
import { settingsOf, stretchOf } from './settings.ts'

const { profile } = createFakeVenue()
const config = ExecutionConfig.parse(undefined)

describe('the settings of a desk', () => {
  it('are the configured times on a market that runs with the clock on the wall', () => {
    expect(settingsOf(config, profile, 1)).toMatchObject({
      protectionDeadlineMs: 30_000,
      recvWindowMs: 5_000,
      engineTimeoutMs: 10_000,
      notFoundSpacingMs: 1_000,
    })
  })

  it('stretch with the market, for networks do not become faster', () => {
    const settings = settingsOf(config, profile, 60)
    expect(settings).toMatchObject({ protectionDeadlineMs: 1_800_000, recvWindowMs: 300_000 })
  })

  it.each([
    ['the speed of the simulator', { simulator: { speed: 60 } }, 60],
    ['nothing on a simulator that is slower than the wall', { simulator: { speed: 0.5 } }, 1],
    ['nothing at a real venue', { venue: { kind: 'binance' }, simulator: { speed: 60 } }, 1],
  ])('stretch by %s', (_, shared, stretch) => {
    expect(stretchOf(SharedConfigSchema.parse(shared))).toBe(stretch)
  })
})
