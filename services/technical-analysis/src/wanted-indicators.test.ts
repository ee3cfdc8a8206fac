// A strategy that is loaded anew may look at what nobody computes yet, and further back than anybody did.
import { createMessage, IndicatorsRequested } from '@flotilla/contracts'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { candleMessage, series } from './testing.ts'
import { numbersOf, Stage } from './testing/stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = new Stage()
  await stage.listen()
})
afterEach(() => stage.end())

const wanted = (...indicators: string[]) =>
  createMessage(IndicatorsRequested, {
    source: 'strategy',
    occurredAt: 0,
    discriminator: indicators.join(' '),
    payload: { ...series, indicators },
  })

/** The candles from one number up to another, stored and told one after the other. */
async function pass(from: number, to: number): Promise<void> {
  for (const index of numbersOf(from, to)) {
    await stage.keep(index, index + 1)
    await stage.tell(candleMessage(index))
  }
}

it('what is asked for while it runs is in the next signal, warm, and no candle is skipped or repeated', async () => {
  await stage.keep(-600, 0)
  await stage.start()
  await pass(0, 3)
  expect(Object.keys(stage.heard.at(-1)!.payload.indicators)).not.toContain('sma(200)')
  await stage.tell(wanted('sma(200)', 'macd(5,35,5)'))
  await pass(3, 6)
  expect(stage.numbers()).toEqual(numbersOf(0, 6))
  const fourth = stage.heard[3]!.payload.indicators
  const closes = numbersOf(-196, 4).map((index) => Number(candleMessage(index).payload.close))
  const mean = closes.reduce((sum, close) => sum + close, 0) / closes.length
  expect(fourth['sma(200)']).toBeCloseTo(mean, 6)
  expect(Object.keys(fourth)).toContain('macd(5,35,5).histogram')
})

it('what is computed already, or is no indicator, changes nothing', async () => {
  await stage.keep(-600, 0)
  await stage.start({ indicators: ['sma(20)'] })
  await pass(0, 2)
  const { info } = { info: () => stage.context.logs.messages('info') }
  const before = info().length
  await stage.tell(wanted('sma(20)', 'ema(12)', 'nonsense(3)'))
  await pass(2, 3)
  expect(info().slice(before)).toEqual([])
  expect(stage.numbers()).toEqual(numbersOf(0, 3))
})

it('more than a hundred are not computed, however often they are asked for', async () => {
  await stage.start()
  const many = (from: number) =>
    wanted(...Array.from({ length: 60 }, (_, index) => `sma(${String(from + index)})`))
  await stage.tell(many(100), many(200))
  expect(stage.context.logs.messages('warn')).toEqual(['indicators not added, there are too many'])
  await pass(0, 1)
  expect(stage.numbers()).toEqual([0])
})
