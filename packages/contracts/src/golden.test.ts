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
