import { SharedConfigSchema } from '@flotilla/fleet'
import { createFakeVenue } from '@flotilla/venue/testing'
import { describe, expect, it } from 'vitest'
import { ExecutionConfig } from './config.ts'
import { settingsOf, stretchOf, warningsOf } from './settings.ts'

const { profile } = createFakeVenue()
const config = ExecutionConfig.parse(undefined)

describe('the settings of a desk', () => {
  it('are the configured times on a market that runs with the clock on the wall', () => {
    expect(settingsOf(config, profile, 1)).toMatchObject({
      protectionDeadlineMs: 30_000,
      recvWindowMs: 5_000,
      engineTimeoutMs: 10_000,
      fillsById: true,
      notFoundSpacingMs: 1_000,
    })
  })

  it('stretch with the market, for networks do not become faster', () => {
    const settings = settingsOf(config, profile, 60)
    expect(settings).toMatchObject({ protectionDeadlineMs: 1_800_000, recvWindowMs: 300_000 })
  })

  it('have no further ways out unless they are configured, exactly as they are written', () => {
    expect(settingsOf(config, profile, 1).exits).toBeNull()
    const exits = { trailing: { activation: 0.03 }, ladder: [{ gain: 0.05, share: 0.5 }] }
    const plan = settingsOf(ExecutionConfig.parse({ exits }), profile, 60).exits
    expect(JSON.parse(JSON.stringify(plan))).toEqual({
      trailing: { activation: '0.03', distance: '0.02' },
      ladder: [{ gain: '0.05', share: '0.5' }],
      holdingMsMax: null,
    })
  })

  it.each([
    ['parts in the wrong order', [0.1, 0.05], [0.3, 0.3], /gains must rise/],
    ['parts of more than all', [0.05, 0.1], [0.6, 0.5], /more than the position/],
  ])('refuse a target in %s', (_, gains, shares, reason) => {
    const ladder = gains.map((gain, at) => ({ gain, share: shares[at]! }))
    expect(() => ExecutionConfig.parse({ exits: { ladder } })).toThrow(reason)
  })

  it.each([
    ['coinbase', false, 'exits', /does nothing at coinbase: it converts between USD, USDC/],
    ['mexc', false, 'all', /execution\.convert: all does nothing at mexc/],
    ['alpaca', true, 'exits', /does nothing at alpaca/],
    ['binance', true, 'exits', /does nothing at binance: its test network/],
    ['binance', false, 'all', null],
    ['simulator', false, 'all', null],
    ['coinbase', false, 'off', null],
  ] as const)('warn at %s (test network: %s) of convert %s as they should', (...row) => {
    const [kind, testnet, convert, words] = row
    const shared = SharedConfigSchema.parse({ venue: { kind, testnet } })
    const warnings = warningsOf(ExecutionConfig.parse({ convert }), shared)
    expect(warnings).toHaveLength(words === null ? 0 : 1)
    expect(warnings.join('')).toMatch(words ?? /^$/)
  })

  it.each([
    ['the speed of the simulator', { simulator: { speed: 60 } }, 60],
    ['nothing on a simulator that is slower than the wall', { simulator: { speed: 0.5 } }, 1],
    ['nothing at a real venue', { venue: { kind: 'binance' }, simulator: { speed: 60 } }, 1],
  ])('stretch by %s', (_, shared, stretch) => {
    expect(stretchOf(SharedConfigSchema.parse(shared))).toBe(stretch)
  })
})
