// How often the venue is asked for a candle that it does not have.
import { Decimal } from '@flotilla/money'
import { afterEach, describe, expect, it } from 'vitest'
import type { CandleRequest, VenueCandle } from '../port.ts'
import { createManualTimer } from '../wire-test/manual-timer.ts'
import { CandleCloser } from './candle-closer.ts'

const minute = 60_000
const settleMs = 1_000

/** A market of one-minute candles, some of which the venue has; time is turned by hand. */
class Scene {
  readonly timer = createManualTimer()
  readonly told: number[] = []
  readonly asked: number[] = []
  /** The minutes that the venue has, or null when it is away. */
  minutes: readonly number[] | null = []
  readonly closer = new CandleCloser({
    symbol: 'BTC/USD',
    timeframe: '1m',
    intervalMs: minute,
    settleMs,
    timer: this.timer,
    venueTime: () => this.timer.now(),
    fetchCandles: (request) => this.#answer(request),
    onCandle: ({ openTime, closed }) => {
      if (closed) this.told.push(openTime / minute)
    },
  })

  /** A page is a stretch of time, as at Coinbase: of a quiet one nothing is told, and nothing of what follows. */
  async #answer({ since = 0, limit = 300 }: CandleRequest): Promise<readonly VenueCandle[]> {
    this.asked.push(this.timer.now())
    if (this.minutes === null) throw new Error('away')
    const now = this.timer.now()
    return this.minutes
      .map((each) => quietMinute(each * minute, now))
      .filter(({ openTime }) => openTime >= since && openTime < since + limit * minute)
  }

  /** Step by step, so that each answer is there before time goes on. */
  async pass(ms: number, step = 250): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      this.timer.advance(step)
      await new Promise((resolve) => void setImmediate(resolve))
    }
  }

  trade(at: number): void {
    this.closer.takeTrade({ price: Decimal.from('50000'), quantity: Decimal.one, at })
  }
}

function quietMinute(openTime: number, now: number): VenueCandle {
  const price = Decimal.from('50000')
  const figures = { open: price, high: price, low: price, close: price, baseVolume: Decimal.one }
  const closeTime = openTime + minute
  const rest = { quoteVolume: price, closed: closeTime <= now, symbol: 'BTC/USD', timeframe: '1m' }
  return { openTime, closeTime, ...figures, ...rest }
}

let scene: Scene | null = null
afterEach(() => scene?.closer.stop())

describe('a candle that the venue does not have', () => {
  it('because nothing was traded is not asked for again and again', async () => {
    scene = new Scene()
    await scene.pass(2 * minute)
    expect(scene.asked.length).toBeGreaterThan(0)
    expect(scene.asked.length).toBeLessThanOrEqual(7)
    const before = scene.asked.length
    await scene.pass(10 * minute)
    expect(scene.asked.length - before).toBeLessThanOrEqual(11)
    expect(scene.told).toEqual([])
  })

  it('because it is away is left to rest as well, and told when it is back', async () => {
    scene = new Scene()
    scene.minutes = null
    await scene.pass(3 * minute)
    expect(scene.asked.length).toBeLessThanOrEqual(9)
    scene.minutes = [0, 1, 2]
    scene.trade(3 * minute)
    await scene.pass(2 * minute)
    // Without the stream as a witness the venue has to say it twice, a moment of real time apart.
    await expect.poll(() => scene?.told, { timeout: 60_000 }).toEqual([0, 1, 2])
  })

  it('is asked for at once when the stream shows that the market goes on', async () => {
    scene = new Scene()
    await scene.pass(5 * minute)
    const before = scene.asked.length
    scene.trade(5 * minute + 1)
    scene.minutes = [5]
    await scene.pass(minute)
    scene.trade(6 * minute + 1)
    await scene.pass(250)
    expect(scene.asked.length).toBeGreaterThan(before)
    expect(scene.told).toEqual([5])
  })

  it('delays none that comes after it: each is told right after its end', async () => {
    scene = new Scene()
    await scene.pass(5 * minute)
    scene.trade(5 * minute + 1)
    await scene.pass(minute / 2)
    scene.minutes = [5]
    await scene.pass(minute / 2 + 2 * settleMs)
    expect(scene.told).toEqual([5])
    // Quiet again, then a trade late in its minute.
    await scene.pass(10 * minute - 10_000)
    scene.trade(15 * minute + 52_000)
    scene.minutes = [5, 15]
    await scene.pass(10_000)
    expect(scene.told).toEqual([5, 15])
  })

  it('is passed over when nothing was traded for longer than a page of candles', async () => {
    scene = new Scene()
    await scene.pass(400 * minute, minute)
    scene.minutes = [400]
    scene.trade(400 * minute)
    await scene.pass(minute)
    scene.trade(401 * minute)
    await scene.pass(250)
    expect(scene.told).toEqual([400])
  })
})
