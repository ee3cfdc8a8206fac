import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SharedConfigSchema } from '@flotilla/fleet'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { forgetWorld, openWorld } from './world.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'flotilla-world-'))
})
afterEach(() => rmSync(state, { recursive: true }))

const named = (config: object): string => openWorld(state, SharedConfigSchema.parse(config)).name

describe('a world of its own has', () => {
  test('each seed, whatever its speed', () => {
    expect(named({})).toBe('seed-1')
    expect(named({ simulator: { seed: 7, speed: 600 } })).toBe('seed-7')
  })

  test('each set of recordings, in whatever order', () => {
    const one = named({ simulator: { candles: ['/a.csv', '/b.csv'] } })
    expect(one).toMatch(/^recording-[0-9a-f]{8}$/)
    expect(named({ simulator: { candles: ['/b.csv', '/a.csv'] } })).toBe(one)
    expect(named({ simulator: { candles: ['/a.csv'] } })).not.toBe(one)
    const trades = named({ simulator: { trades: ['/a.csv'] } })
    expect(named({ simulator: { trades: ['/a.csv'], books: ['/c.csv'] } })).not.toBe(trades)
  })

  test('each venue that is followed', () => {
    expect(named({ simulator: { follow: { venue: 'kraken' }, speed: 1 } })).toBe('kraken-followed')
  })

  test('each account at another venue', () => {
    const venue = { kind: 'binance', id: 'binance', testnet: true }
    expect(named({ venue, account: { id: 'second' } })).toBe('paper-binance-second')
    expect(named({ venue: { url: 'http://127.0.0.1:9001' } })).toBe('paper-simulator-main')
  })
})

test('a world keeps what is in it until it is forgotten', () => {
  const shared = SharedConfigSchema.parse({})
  const file = join(openWorld(state, shared).part('postgres'), 'data')
  writeFileSync(file, '')
  const world = openWorld(state, shared)
  expect(existsSync(file)).toBe(true)
  forgetWorld(world)
  expect(existsSync(file)).toBe(false)
  expect(existsSync(world.folder)).toBe(true)
})
