import { describe, expect, test } from 'vitest'
import { candle, tapeOf } from '../testing/worlds.ts'
import { createHistory } from './history.ts'
import { createTradeTape, readTrades } from './recorded-trades.ts'
import { addStep, type ScriptStep } from './script-steps.ts'
import { createScriptedTape, type PriceScript } from './script.ts'
import { SECONDS, type Tape } from './tape.ts'
import { formatUnits, units } from './units.ts'

const shape = { seed: 1, tick: units('0.01'), step: units('0.001') }
const FROM = 1_000
const start = FROM * SECONDS
const half = units('0.5')

function world(tape: Tape) {
  const script: PriceScript = { stretches: [] }
  const own = createHistory(tape, shape)
  const history = createHistory(createScriptedTape(tape, script, shape), shape)
  return {
    history,
    own,
    run: (second: number, steps: readonly ScriptStep[]): number =>
      steps.reduce(
        (at, step) =>
          addStep({ script, own: (s) => own.price(s * 1_000), tick: shape.tick }, step, at),
        second,
      ),
    price: (second: number): number => Number(formatUnits(history.price(second * 1_000))),
    ownPrice: (second: number): number => Number(formatUnits(own.price(second * 1_000))),
  }
}

const rising = () =>
  world(
    tapeOf(FROM, [
      candle(100, 110, 95, 105),
      candle(105, 120, 100, 110),
      candle(110, 130, 105, 120),
    ]),
  )

test('what came before the script stays what it was, second by second', () => {
  const { price, ownPrice, run, history, own } = rising()
  const second = start + SECONDS + 30
  run(second, [{ do: 'set', price: units('50') }])
  for (let at = start; at < second; at += 1) expect([at, price(at)]).toEqual([at, ownPrice(at)])
  expect(history.trades(second - 1)).toMatchObject(own.trades(second - 1))
  expect(history.bar(FROM, FROM + 1, second * 1_000)).toEqual(
    own.bar(FROM, FROM + 1, second * 1_000),
  )
})

describe('steps', () => {
  test('a price is set and kept, and a candle shows both sides of the jump', () => {
    const { price, run, history } = rising()
    const second = start + SECONDS + 30
    expect(run(second, [{ do: 'set', price: units('50') }])).toBe(second + 1)
    expect([price(second), price(second + 60)]).toEqual([50, 50])
    const bar = history.bar(FROM + 1, FROM + 2, (start + 3 * SECONDS) * 1_000)
    expect([bar?.low, bar?.close]).toEqual([units('50'), units('50')])
    expect(bar?.open).toBe(units('105'))
    expect(history.trades(second + 5)).toMatchObject([{ price: units('50') }])
  })

  test('a move arrives with its last second, in even steps', () => {
    const { price, run } = rising()
    const second = start + SECONDS
    const set: ScriptStep = { do: 'set', price: units('100') }
    const end = run(second, [set, { do: 'move', to: { price: units('110') }, seconds: 10 }])
    expect(end).toBe(second + 11)
    expect([0, 1, 2, 10, 11].map((at) => price(second + at))).toEqual([100, 101, 102, 110, 110])
    const down: ScriptStep = { do: 'move', to: { factor: half }, seconds: 2 }
    run(end, [down])
    expect([price(end), price(end + 1)]).toEqual([82.5, 55])
  })

  test('a jump of a running tape lets it run on from there; of a price that stands, stand', () => {
    const { price, ownPrice, run } = rising()
    const second = start + SECONDS + 10
    run(second, [{ do: 'jump', factor: half }])
    for (const at of [0, 7, 40])
      expect(price(second + at)).toBeCloseTo(ownPrice(second + at) / 2, 1)
    run(second + 41, [
      { do: 'set', price: units('80') },
      { do: 'jump', factor: half },
    ])
    expect([price(second + 41), price(second + 42), price(second + 50)]).toEqual([80, 40, 40])
  })

  test('set free, the tape goes on from the present price as it would have moved', () => {
    const { price, ownPrice, run } = rising()
    const second = start + SECONDS + 10
    const set: ScriptStep = { do: 'set', price: units('1000') }
    const free = run(second, [set, { do: 'wait', seconds: 5 }, { do: 'free' }])
    expect(free).toBe(second + 6)
    const ratio = 1_000 / ownPrice(free - 1)
    expect(price(free - 1)).toBe(1_000)
    expect(price(free + 20)).toBeCloseTo(ownPrice(free + 20) * ratio, 1)
  })

  test('prices are replayed one after the other', () => {
    const { price, run } = rising()
    const second = start + SECONDS
    const prices = ['100', '101', '99.5'].map(units)
    expect(run(second, [{ do: 'replay', prices, seconds: 2 }])).toBe(second + 6)
    expect([0, 1, 2, 3, 4, 5, 9].map((at) => price(second + at))).toEqual([
      100, 100, 101, 101, 99.5, 99.5, 99.5,
    ])
  })

  test('a later script takes the place of what an earlier one wanted from there on', () => {
    const { price, run } = rising()
    const second = start + SECONDS
    run(second, [{ do: 'set', price: units('50') }, { do: 'wait', seconds: 9 }, { do: 'free' }])
    run(second + 5, [{ do: 'set', price: units('60') }])
    expect([price(second + 4), price(second + 5), price(second + 30)]).toEqual([50, 60, 60])
  })
})

test('over recorded trades: before it they are as recorded, and the recorded books give way', () => {
  const rows = Array.from({ length: 120 }, (_, index) => {
    const time = start * 1_000 + index * 1_000 + 500
    return `${time},${100 + (index % 7)},0.5,${index % 2 === 0 ? 'buy' : 'sell'}`
  })
  const { history, own, run, price } = world(createTradeTape(readTrades(rows, 'rows')))
  const second = start + 70
  run(second, [{ do: 'set', price: units('42') }])
  expect(history.trades(second - 1)).toEqual(own.trades(second - 1))
  expect(price(second)).toBe(42)
  const bar = history.bar(FROM + 1, FROM + 2, (start + 200) * 1_000)
  expect([bar?.low, bar?.close, bar?.volume]).toEqual([units('42'), units('42'), units('30')])
})
