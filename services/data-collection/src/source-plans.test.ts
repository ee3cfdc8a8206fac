import { SharedConfigSchema } from '@flotilla/fleet'
import { describe, expect, it } from 'vitest'
import { agent as spec } from './index.ts'

const shared = SharedConfigSchema.parse({})
const keys = { apiKey: 'a', apiSecret: 'b' }
const warnings = (stream: boolean, source: object) => {
  const sources = { second: { symbols: ['BTC/USD'], ...source } }
  return spec.warnings?.(spec.config.parse({ stream: { enabled: stream }, sources }), shared)
}

describe('streams that are wished for', () => {
  it('and want keys that are not set are warned of, with the settings that help', () => {
    const [words, ...others] = warnings(true, { kind: 'alpaca' }) ?? []
    expect(words).toMatch(
      /^data\.stream\.enabled does nothing at second: alpaca streams to known keys/,
    )
    expect(words).toMatch(/Set data\.sources\.second\.apiKey and data\.sources\.second\.apiSecret$/)
    expect(others).toEqual([])
  })

  it.each([
    ['alpaca with keys', true, { kind: 'alpaca', ...keys }],
    ['coinbase without', true, { kind: 'coinbase' }],
    ['mexc without', true, { kind: 'mexc' }],
    ['nobody', false, { kind: 'alpaca' }],
  ])('of %s are nothing to warn of', (_whom, stream, source) => {
    expect(warnings(stream, source)).toEqual([])
  })
})
