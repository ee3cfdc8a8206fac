import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMessage, deriveId, Pause, Reload } from './index.ts'

const payload = { requestedBy: 'anna', reason: '', agent: null }
const at = Date.UTC(2024, 7, 5)

test('an id is a version 5 UUID', () => {
  expect(deriveId('a')).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
})

test('the same parts make the same id, and other parts another', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), (left, right) => {
      const same =
        left.length === right.length && left.every((part, index) => part === right[index])
      expect(deriveId(...left) === deriveId(...right)).toBe(same)
    }),
  )
})

test('doing the same work twice makes the same message', () => {
  const make = () =>
    createMessage(Reload, { payload, source: 'operator', occurredAt: at, discriminator: 'x' })
  expect(make()).toEqual(make())
})

test('a message continues the correlation of its cause and names it', () => {
  const cause = createMessage(Reload, {
    payload,
    source: 'operator',
    occurredAt: at,
    discriminator: 'root',
  })
  const effect = createMessage(Reload, { payload, source: 'operator', occurredAt: at + 5, cause })
  expect(cause.correlationId).toBe(cause.messageId)
  expect(cause.causationId).toBeNull()
  expect(effect.correlationId).toBe(cause.messageId)
  expect(effect.causationId).toBe(cause.messageId)
  expect(effect.occurredAt).toBe('2024-08-05T00:00:00.005Z')
})

test('type, account, cause and discriminator each make a difference', () => {
  const scope = { requestedBy: 'anna', reason: '', account: null, symbol: null }
  const common = { source: 'operator', occurredAt: at } as const
  const ids = [
    createMessage(Pause, { ...common, payload: scope, discriminator: 'x' }),
    createMessage(Reload, { ...common, payload, discriminator: 'x' }),
    createMessage(Reload, { ...common, payload, discriminator: 'y' }),
    createMessage(Reload, { ...common, payload, discriminator: 'x', account: 'main' }),
  ].map((message) => message.messageId)
  expect(new Set(ids).size).toBe(4)
})

test('a message with neither cause nor discriminator cannot be made', () => {
  expect(() => createMessage(Reload, { payload, source: 'operator', occurredAt: at })).toThrow(
    /control.reload.v1 has neither a cause nor a discriminator/,
  )
})
