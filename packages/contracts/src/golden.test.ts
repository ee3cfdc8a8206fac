import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { InvalidMessageError, messageTypes, parseMessage } from './index.ts'

const folder = new URL('golden/', import.meta.url)
const golden = (type: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`${type}.json`, folder), 'utf8')) as Record<string, unknown>

test('every message has one golden example and no example is left over', () => {
  const files = readdirSync(folder).map((file) => file.replace(/\.json$/, ''))
  expect(files.toSorted()).toEqual(messageTypes.toSorted())
})

describe.each(messageTypes)('%s', (type) => {
  test('its golden example still parses and comes out unchanged', () => {
    expect(parseMessage(golden(type))).toEqual(golden(type))
  })

  test('an unknown field of the payload is refused', () => {
    const message = golden(type)
    const payload = { ...(message['payload'] as object), surprise: 1 }
    expect(() => parseMessage({ ...message, payload })).toThrow(InvalidMessageError)
  })

  test('an unknown field of the envelope is refused', () => {
    expect(() => parseMessage({ ...golden(type), surprise: 1 })).toThrow(/surprise/)
  })

  test('each missing field of the payload is refused', () => {
    const message = golden(type)
    for (const field of Object.keys(message['payload'] as object)) {
      const payload = { ...(message['payload'] as Record<string, unknown>) }
      delete payload[field]
      expect(() => parseMessage({ ...message, payload }), field).toThrow(InvalidMessageError)
    }
  })
})

test('an approval may say what its intent reckoned with, and only as a price and a time', () => {
  const approved = golden('risk.intent.approved.v1')
  const withPrice = (expectedPrice: string, expectedPriceAt: string) => {
    const payload = { ...(approved['payload'] as object), expectedPrice, expectedPriceAt }
    return parseMessage({ ...approved, payload }).payload
  }
  const at = '2024-08-05T06:01:00.000Z'
  expect(withPrice('49870.5', at)).toMatchObject({ expectedPrice: '49870.5', expectedPriceAt: at })
  expect(() => withPrice('0', at)).toThrow(/payload\.expectedPrice/)
  expect(() => withPrice('49870.5', 'now')).toThrow(/payload\.expectedPriceAt/)
})

test.each([
  ['a number', 5, /unknown message type: none/],
  ['null', null, /unknown message type: none/],
  ['an unknown type', { type: 'market.candle.closed.v9' }, /"market.candle.closed.v9"/],
])('%s is refused', (_, value, reason) => {
  expect(() => parseMessage(value)).toThrow(reason)
})

test.each(['-1', '0', '1e5', 'NaN', 12])('the price %s is refused, naming the field', (close) => {
  const message = golden('market.candle.closed.v1')
  const payload = { ...(message['payload'] as object), close }
  expect(() => parseMessage({ ...message, payload })).toThrow(/payload\.close/)
})
