import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'

import { candleAt } from './market-store.conformance.ts'
import type { Point } from './points.ts'
import { PointsRefusedError, WriteQueue, type WriteQueueOptions } from './write-queue.ts'

/** A store whose answer to each batch is set by the test; it keeps the closes that it took. */
function queueWith(overrides: Partial<WriteQueueOptions> = {}) {
  const batches: string[][] = []
  let answer: (batch: readonly Point[]) => Promise<void> = async () => {}
  const queue = new WriteQueue({
    send: async (batch) => {
      await answer(batch)
      batches.push(batch.map(labelOf))
    },
    batchMax: 3,
    bufferMax: 5,
    // Longer than any test: only `flush` sends.
    gatherMs: 3_600_000,
    retryMinMs: 3_600_000,
    retryMaxMs: 3_600_000,
    ...overrides,
  })
  return { queue, batches, answerWith: (next: typeof answer) => void (answer = next) }
}

function labelOf(point: Point): string {
  return point.kind === 'candle' ? point.row.close.toString() : point.kind
}

function candle(index: number, close: string): Point {
  return { kind: 'candle', row: candleAt(index, { close: Decimal.from(close) }) }
}

const series = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1m' }
const times = (from: number, to: number) => ({
  from: candleAt(from).openTime,
  to: candleAt(to).openTime,
})

describe('write queue', () => {
  it('sends in order and in batches', async () => {
    const { queue, batches } = queueWith()
    queue.add([1, 2, 3, 4].map((index) => candle(index, String(index))))
    await queue.flush()
    expect(batches).toEqual([['1', '2', '3'], ['4']])
    expect(queue.health()).toMatchObject({ state: 'healthy', written: 4, buffered: 0 })
  })

  it('keeps what could not be sent, and sends it when the store is back', async () => {
    const { queue, batches, answerWith } = queueWith()
    answerWith(() => Promise.reject(new Error('connection refused')))
    queue.add([candle(1, '1')])
    await queue.flush()
    await queue.flush()
    expect(queue.health()).toEqual({
      state: 'failing',
      written: 0,
      buffered: 1,
      dropped: 0,
      failedWrites: 2,
      lastError: 'connection refused',
    })
    answerWith(async () => {})
    await queue.flush()
    expect(batches).toEqual([['1']])
    expect(queue.health()).toMatchObject({ state: 'healthy', buffered: 0, written: 1 })
  })

  it('replaces a waiting value by its correction', async () => {
    const { queue, batches } = queueWith()
    queue.add([candle(1, '1'), candle(2, '2')])
    queue.add([candle(1, '1.5')])
    await queue.flush()
    expect(batches).toEqual([['1.5', '2']])
  })

  it('sends a correction that came while the old value was under way after it', async () => {
    const { queue, batches, answerWith } = queueWith()
    let release: () => void = () => {}
    const underWay = new Promise<void>((started) => {
      answerWith(() => {
        started()
        return new Promise((resolve) => (release = resolve))
      })
    })
    queue.add([candle(1, '1')])
    const flushed = queue.flush()
    await underWay
    queue.add([candle(1, '1.5')])
    answerWith(async () => {})
    release()
    await flushed
    expect(batches).toEqual([['1'], ['1.5']])
  })

  it('lets the oldest go when it is full, counts them, and names the hole once', async () => {
    const { queue, batches } = queueWith()
    queue.add([1, 2, 3, 4, 5, 6, 7].map((index) => candle(index, String(index))))
    expect(queue.health()).toMatchObject({ buffered: 5, dropped: 2 })
    expect(queue.takeHoles()).toEqual([{ ...series, ...times(1, 2) }])
    expect(queue.takeHoles()).toEqual([])
    await queue.flush()
    expect(batches.flat()).toEqual(['3', '4', '5', '6', '7'])
  })

  it('finds the one point that the store refuses, and writes the others', async () => {
    const { queue, batches, answerWith } = queueWith({ batchMax: 5 })
    answerWith(async (batch) => {
      if (batch.some((point) => labelOf(point) === '3')) throw new PointsRefusedError('bad point')
    })
    queue.add([1, 2, 3, 4, 5].map((index) => candle(index, String(index))))
    await queue.flush()
    expect(batches.flat().toSorted()).toEqual(['1', '2', '4', '5'])
    expect(queue.health()).toMatchObject({
      state: 'healthy',
      written: 4,
      dropped: 1,
      buffered: 0,
      lastError: 'bad point',
    })
    expect(queue.takeHoles()).toEqual([{ ...series, ...times(3, 3) }])
  })

  it('tries again by itself', async () => {
    const { queue, answerWith } = queueWith({ gatherMs: 1, retryMinMs: 1, retryMaxMs: 2 })
    let tries = 0
    const written = new Promise<void>((resolve) => {
      answerWith(async () => {
        tries += 1
        if (tries < 4) throw new Error('down')
        resolve()
      })
    })
    queue.add([candle(1, '1')])
    await written
    await queue.flush()
    expect(queue.health()).toMatchObject({ written: 1, failedWrites: 3, state: 'healthy' })
  })

  it('tells the log when the store goes and when it comes back, not each time in between', async () => {
    const lines: string[] = []
    const log = (_facts: object, message: string) => void lines.push(message)
    const { queue, answerWith } = queueWith({ logger: { info: log, warn: log } })
    answerWith(() => Promise.reject(new Error('down')))
    queue.add([candle(1, '1')])
    await queue.flush()
    await queue.flush()
    answerWith(async () => {})
    await queue.flush()
    expect(lines).toEqual(['market store cannot be reached', 'market store is back'])
  })
})
