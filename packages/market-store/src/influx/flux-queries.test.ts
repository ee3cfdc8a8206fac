// Every query through the real Flux parser and type checker, with names that try to break out of their quotes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { filterArgument, readScript } from '../influx-stand-in/flux-script.ts'
import { isValidFlux } from '../influx-stand-in/stand-in.ts'
import { aggregateFunctions, candleFields } from '../port.ts'
import { FluxQueries } from './flux-queries.ts'

const plain = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1m', name: 'rsi(14)' }
type Names = typeof plain

function allQueries(names: Names, bucket = 'market'): string[] {
  const queries = new FluxQueries(bucket)
  const range = { from: 1_722_859_200_123, to: 1_722_859_300_000, limit: 500 }
  return [
    queries.ping(),
    queries.lastCandle(names),
    queries.candles(names),
    queries.candles({ ...names, ...range }),
    queries.lastPrice(names),
    queries.lastIndicator(names),
    queries.indicators({ ...names, ...range }),
    queries.equity({ account: names.name, ...range }),
    ...candleFields.flatMap((field) =>
      aggregateFunctions.map((name) =>
        queries.aggregate({ ...names, ...range, field, function: name }),
      ),
    ),
  ].map((query) => query.toString())
}

describe('Flux queries', () => {
  it.each(allQueries(plain))('are Flux: %s', (query) => {
    expect(isValidFlux(query)).toBe(true)
  })

  it.each([
    ['an unknown function', /tail\(/, 'tial('],
    ['a wrong argument', /n: 500/, 'm: 500'],
    ['an argument of another type', /n: 500/, 'n: "500"'],
    ['a missing argument', /start: [^,]+, /, ''],
    ['a missing parenthesis', /\)$/, ''],
    ['an unclosed string', /"1m"/, '"1m'],
  ])('with %s are found out by the same check', (_title, right, wrong) => {
    const queries = new FluxQueries('market')
    const query = queries.candles({ ...plain, from: 0, to: 1, limit: 500 }).toString()
    expect(isValidFlux(query)).toBe(true)
    expect(query).toMatch(right)
    expect(isValidFlux(query.replace(right, wrong))).toBe(false)
  })

  it('stay one query that asks for one name, whatever the name is', () => {
    const awkward = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc
        .array(fc.constantFrom('"', '\\', '${', '}', ')', '|>', '//', '\n', 'r', ' or ', '=='))
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(awkward, awkward, (symbol, name) => {
        const queries = new FluxQueries('market')
        const query = queries.lastIndicator({ ...plain, symbol, name }).toString()
        const pipelines = readScript(query)
        expect(pipelines.map((steps) => steps.map((step) => step.name))).toEqual([
          ['from', 'range', 'filter', 'last'],
        ])
        const filter = filterArgument(pipelines[0]?.[2]?.argument ?? '')
        expect(Object.fromEntries(filter)).toEqual({
          _measurement: 'indicator',
          _field: 'value',
          venue: 'binance',
          symbol,
          timeframe: '1m',
          name,
        })
        expect(isValidFlux(query)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('always say where the range ends, so that candles ahead of the wall clock are in it', () => {
    for (const query of allQueries(plain).slice(1)) {
      expect(query).toMatch(/range\(start: time\(v: "[^"]+"\), stop: time\(v: "[^"]+"\)\)/)
    }
  })
})
