import type { Agent } from '@flotilla/fleet'
import { partitionOf, streams } from '@flotilla/contracts'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { candleMessage } from './testing.ts'
import { furthestApart, numbersIn, numbersOf, Stage, uninterrupted } from './testing/stage.ts'

const { partitions } = streams.candles
/** One symbol for each share, and one more. */
const symbols = [
  'BTC/USDT',
  'ETH/USDT',
  'SOL/USDT',
  'XRP/USDT',
  'ADA/USDT',
  'DOT/USDT',
  'ATOM/USDT',
]

let stage: Stage
beforeEach(async () => {
  stage = new Stage()
  await stage.listen()
})
afterEach(() => stage.end())

/** The candles told of each symbol, in the order in which they were told. */
function toldOf(symbol: string): number[] {
  return numbersIn(stage.heard.filter(({ payload }) => payload.symbol === symbol))
}

describe('replicas that share the symbols', () => {
  it('each takes the symbols of its partitions, and nobody misses one', async () => {
    expect(new Set(symbols.map((symbol) => partitionOf(symbol, partitions))).size).toBe(partitions)
    const one = await stage.start({ partitions: [0, 1] }, symbols)
    const other = await stage.start({ partitions: [2, 3] }, symbols)
    for (const index of numbersOf(0, 3)) {
      await stage.tell(...symbols.map((symbol) => candleMessage(index, 'live', { symbol })))
    }
    for (const symbol of symbols) expect(toldOf(symbol)).toEqual([0, 1, 2])
    const taken = [one, other].map((agent) => Object.keys(symbolsOf(agent)))
    expect(taken.flat().toSorted()).toEqual(symbols.toSorted())
    for (const symbol of taken[0]!) expect(partitionOf(symbol, partitions)).toBeLessThan(2)
  })

  it('one that stands by goes on exactly where the other one stopped', async () => {
    await stage.keep(-600, 0)
    const first = await stage.start()
    const second = await stage.start()
    await stage.tell(...numbersOf(0, 5).map((index) => candleMessage(index)))
    await stage.keep(0, 5)
    expect(symbolsOf(second)['BTC/USDT']?.ageMs ?? null).toBeNull()
    await first.stop()
    await stage.tell(...numbersOf(5, 8).map((index) => candleMessage(index)))
    expect(stage.numbers()).toEqual(numbersOf(0, 8))
    expect(stage.heard.every(({ payload }) => payload.origin === 'live')).toBe(true)
    expect(furthestApart(stage.heard[7]!.payload.indicators, uninterrupted(-600, 8))).toBeLessThan(
      1e-6,
    )
  })

  it('a stop in the middle of a stream neither skips nor repeats', async () => {
    await stage.keep(-600, 200)
    const zeroth = await stage.start()
    await stage.tell(candleMessage(0))
    await zeroth.stop()
    // The store now says how far analysis had come, and that lags behind what the next one tells.
    const first = await stage.start()
    await stage.start()
    const telling = stage.tell(...numbersOf(1, 200).map((index) => candleMessage(index)))
    await stage.untilHeard(60)
    const write = stage.store.writeIndicators.bind(stage.store)
    stage.store.writeIndicators = async (rows) => {
      for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate)
      await write(rows)
    }
    await first.stop()
    await telling
    expect(stage.numbers()).toEqual(numbersOf(0, 200))
  })

  it('what one told and could not store before it died is told again under the same id', async () => {
    await stage.keep(-600, 0)
    const zeroth = await stage.start()
    await stage.tell(candleMessage(0))
    await zeroth.stop()
    const first = await stage.start()
    await stage.start()
    const write = stage.store.writeIndicators.bind(stage.store)
    stage.store.writeIndicators = () => Promise.resolve()
    await stage.tell(candleMessage(1), candleMessage(2))
    await stage.crash(first)
    stage.store.writeIndicators = write
    await stage.keep(0, 3)
    await stage.tell(candleMessage(3))
    expect(stage.numbers()).toEqual([0, 1, 2, 1, 2, 3])
    const ids = stage.heard.map(({ messageId }) => messageId)
    expect(ids.slice(3, 5)).toEqual(ids.slice(1, 3))
  })
})

it('any sequence of starts, stops and crashes of replicas tells every candle, once in effect', async () => {
  const event = fc.constantFrom('candle', 'candle', 'candle', 'candle', 'start', 'stop', 'crash')
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 40 }), async (events) => {
      const one = new Stage()
      await one.listen()
      await one.keep(-600, 0)
      const lives: Agent[] = [await one.start()]
      await one.tell(candleMessage(0))
      await one.keep(0, 1)
      await lives[0]!.stop()
      lives[0] = await one.start()
      let next = 1
      for (const each of events) {
        if (each === 'start') lives.push(await one.start())
        else if (each === 'candle') {
          await one.tell(candleMessage(next))
          await one.keep(next, next + 1)
          next += 1
        } else if (lives.length > 0) {
          const life = lives.shift()!
          await (each === 'stop' ? life.stop() : one.crash(life))
        }
      }
      if (lives.length === 0) await one.start()
      await one.tell(candleMessage(next))
      const inEffect = new Map(one.heard.map((each) => [each.messageId, each] as const))
      const numbers = numbersIn([...inEffect.values()])
      expect(numbers).toEqual(numbersOf(0, next + 1))
      const repeats = one.heard.length - inEffect.size
      expect(repeats === 0 || events.includes('crash')).toBe(true)
      for (const [at, { payload }] of [...inEffect.values()].entries()) {
        const clean = uninterrupted(-600, numbers[at]! + 1)
        expect(furthestApart(payload.indicators, clean)).toBeLessThan(1e-6)
      }
      await one.end()
    }),
    { numRuns: 25, seed: propertySeed },
  )
})

type SymbolDetail = { readonly warm: boolean; readonly ageMs: number | null }

function symbolsOf(agent: Agent): Record<string, SymbolDetail> {
  return agent.readiness().detail['symbols'] as Record<string, SymbolDetail>
}
