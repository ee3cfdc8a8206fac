// Venues that have no candle of a minute in which nothing was traded, and answer with a stretch of time and not with
// so many candles: Coinbase, 300 minutes a page.
import { ack } from '@flotilla/bus'
import { createMessage, epochMs, HistoryRequested, instant } from '@flotilla/contracts'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { candle, epoch, indexOf, minute } from './testing.ts'
import { range, series, Stage } from './testing-stage.ts'

const pageMinutes = 300

let stage: Stage
/** Whether anything was traded in the minute of this number. */
let isTraded: (index: number) => boolean

beforeEach(async () => {
  stage = new Stage()
  isTraded = (index) => Math.abs(index) % 10 !== 3
  stage.venue.fetchCandles = async ({ since = 0, limit = pageMinutes }) => {
    const now = stage.context.clock.now()
    const first = indexOf(since)
    const end = Math.min(first + Math.min(limit, pageMinutes), Math.ceil(indexOf(now)))
    return range(first, Math.max(first, end))
      .filter((index) => index >= -2_000 && isTraded(index))
      .map((index) => candle(index))
      .map((each) => ({ ...each, closed: each.closeTime <= now }))
  }
  await stage.listen()
})
afterEach(() => stage.end())

const traded = (from: number, to: number): number[] => range(from, to).filter(isTraded)

it('a history that is asked for is given up to its end, however quiet the market was', async () => {
  await stage.start()
  const given: number[] = []
  const analysis = stage.broker.connect()
  await analysis.subscribe({
    agent: 'technical-analysis',
    types: ['market.history.provided.v1', 'analysis.indicators.requested.v1'],
    handler: async ({ message }) => {
      if (message.type !== 'market.history.provided.v1') return ack
      for (const [openTime] of message.payload.candles) given.push(indexOf(epochMs(openTime)))
      return ack
    },
  })
  const asked = { from: instant(epoch - 1_000 * minute), to: instant(epoch) }
  await analysis.publish(
    createMessage(HistoryRequested, {
      source: 'technical-analysis',
      occurredAt: epoch,
      discriminator: 'quiet',
      payload: { ...series, timeframe: '1m', ...asked },
    }),
  )
  await stage.broker.idle()
  expect(given.toSorted((one, other) => one - other)).toEqual(traded(-1_000, 0))
  await analysis.close()
})

it('a hole in the store is filled to its end, however quiet the market was', async () => {
  const known = [...traded(-900, -880), ...traded(-5, 0)].map((index) => candle(index))
  await stage.store.writeCandles(known.map((each) => ({ ...each, ...series })))
  await stage.start({ historyCandles: 900 })
  expect(await stage.stored()).toEqual(traded(-900, 0))
})

it('a market that was quiet for longer than a page goes on with its next candle', async () => {
  isTraded = (index) => index < 2 || index >= 400
  const first = await stage.start()
  await stage.minutes(2)
  await first.stop()
  await stage.minutes(400)
  await stage.start()
  await stage.minutes(3)
  expect(stage.numbers()).toEqual([0, 1, ...range(400, 405)])
})
