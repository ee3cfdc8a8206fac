/**
 * Coinbase, MEXC and Alpaca, listened to through the real ccxt classes: stand-ins on loopback speak their
 * frames. A stream that breaks again and again gives way to polling and comes back; the candles are the same.
 */
import { epochMs } from '@flotilla/contracts'
import { openStreamScene, type StreamScene } from '@flotilla/venue/testing-streams'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { epoch, minute } from './testing.ts'
import { range, Stage } from './testing-stage.ts'

const patience = { timeout: 30_000, interval: 5 }
const path = range(0, 40).map((index) => String(50_000 + 100 * index))
const stream = { enabled: true, reopenMs: 0, restMs: 2 * minute, stableMs: minute }

let stage: Stage
let scene: StreamScene
beforeEach(async () => {
  stage = new Stage()
  await stage.listen()
})
afterEach(async () => {
  await stage.end()
  await scene.close()
})

/** Prices that came over streams. */
let heard = 0

function countPrices(): void {
  const open = scene.venue.openMarketStream?.bind(scene.venue)
  const counting: typeof open = (request, listener) => {
    const onTicker: typeof listener.onTicker = (ticker) => {
      heard += 1
      listener.onTicker(ticker)
    }
    return open!(request, { ...listener, onTicker })
  }
  Reflect.set(scene.venue, 'openMarketStream', counting)
}

/** The venue tells of its market; until it is heard no time passes. */
async function tell(): Promise<void> {
  const before = heard
  await scene.next()
  await expect.poll(() => heard, patience).toBeGreaterThan(before)
}

/** Half a minute each: the candle has just ended when the stream tells of the next one. */
async function streamedMinutes(count: number): Promise<void> {
  const { clock } = stage.context
  for (let passed = 0; passed < count; passed += 1) {
    await clock.advance(30_000)
    const before = stage.candles().length
    await tell()
    await expect.poll(() => stage.candles().length, patience).toBeGreaterThan(before)
    await clock.advance(30_000)
  }
}

describe.each(['coinbase', 'mexc', 'alpaca'] as const)('%s, listened to', (kind) => {
  it('gives the candles it is asked for, falls back to questions and returns', async () => {
    const { clock } = stage.context
    scene = await openStreamScene(kind, { path, time: { start: epoch, now: () => clock.now() } })
    countPrices()
    const agent = await stage.start({ stream, orderBookDepth: 5 }, [scene.symbol], scene.venue)
    const mode = (): unknown => agent.readiness().detail['mode']
    const dropped = () =>
      stage.context.logs.messages('info').filter((each) => each === 'market stream dropped')
    await expect.poll(mode, patience).toBe('streaming')
    await streamedMinutes(3)

    for (const next of ['streaming', 'streaming', 'polling']) {
      const drops = dropped().length
      for (const socket of scene.sockets) socket.terminate()
      await expect.poll(() => dropped().length, patience).toBe(drops + 1)
      await expect.poll(mode, patience).toBe(next)
    }
    expect(stage.context.logs.messages('warn')).toContain('market stream given up, polling')
    await stage.minutes(2)
    expect(scene.sockets.size).toBe(0)

    await clock.advance(minute)
    await expect.poll(mode, patience).toBe('on trial')
    for (let passed = 0; passed < 4; passed += 1) {
      await tell()
      await clock.advance(30_000)
    }
    expect(mode()).toBe('streaming')
    await streamedMinutes(2)

    const told = stage
      .candles()
      .map(({ payload: { openTime, open, high, low, close, baseVolume } }) => {
        return [epochMs(openTime), open, high, low, close, baseVolume].join(' ')
      })
    const asked = scene.market
      .candles(epoch)
      .map(({ openTime, open, high, low, close, volume }) => {
        return [openTime, open, high, low, close, volume].join(' ')
      })
    expect(told).toEqual(asked.slice(0, told.length))
    expect(told.length).toBeGreaterThanOrEqual(9)
    const types = new Set(stage.heard.map(({ type }) => type))
    expect(types).toContain('market.ticker.updated.v1')
    expect(types).toContain('market.book.updated.v1')
  }, 120_000)
})
