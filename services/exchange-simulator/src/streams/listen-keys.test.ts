import { expect, test } from 'vitest'
import type { Desk } from '../desk.ts'
import { FaultRegistry } from '../faults/fault-registry.ts'
import { Hub } from './hub.ts'
import { createListenKeys } from './listen-keys.ts'

const HOUR = 3_600_000

function keysAt(): { keys: ReturnType<typeof createListenKeys>; pass: (ms: number) => void } {
  let now = 1_000
  return { keys: createListenKeys(() => now), pass: (ms) => void (now += ms) }
}

test('an account has one key, and asking for it again makes it last', () => {
  const { keys, pass } = keysAt()
  const key = keys.open()
  expect(key).toMatch(/^[A-Za-z0-9]{64}$/)
  pass(HOUR - 1)
  expect(keys.open()).toBe(key)
  pass(HOUR - 1)
  expect(keys.isActive(key)).toBe(true)
})

test('a sign of life makes it last an hour from then, and without one it expires once', () => {
  const { keys, pass } = keysAt()
  const key = keys.open()
  pass(HOUR - 1)
  expect(keys.extend(key)).toBe(true)
  pass(HOUR - 1)
  expect(keys.takeExpired()).toBeNull()
  pass(1)
  expect(keys.isActive(key)).toBe(false)
  expect(keys.extend(key)).toBe(false)
  expect(keys.takeExpired()).toBe(key)
  expect(keys.takeExpired()).toBeNull()
  expect(keys.open()).not.toBe(key)
})

test('a closed key is gone at once and does not expire', () => {
  const { keys, pass } = keysAt()
  const key = keys.open()
  expect(keys.close('another')).toBe(false)
  expect(keys.close(key)).toBe(true)
  expect(keys.close(key)).toBe(false)
  pass(HOUR)
  expect(keys.takeExpired()).toBeNull()
})

test('who listens by a key hears of its end once, and of nothing after', () => {
  const { keys, pass } = keysAt()
  let pulse = (): void => undefined
  const desk = {
    now: () => 7,
    listen: ({ passed }: { passed: () => void }) => (pulse = passed),
  } as unknown as Desk
  const hub = new Hub(desk, new FaultRegistry(), keys)
  const heard = { plain: [] as unknown[], combined: [] as unknown[] }
  const listenerOf = (name: keyof typeof heard) => ({
    timeUnit: 'MILLISECOND' as const,
    send: (text: string) => void heard[name].push(JSON.parse(text)),
    drop: () => undefined,
  })
  const listenKey = keys.open()
  hub.subscribe(listenerOf('plain'), listenKey, false)
  hub.subscribe(listenerOf('combined'), listenKey, true)
  pulse()
  expect(heard).toEqual({ plain: [], combined: [] })
  pass(HOUR)
  pulse()
  pulse()
  const event = { e: 'listenKeyExpired', E: 7, listenKey }
  expect(heard).toEqual({ plain: [event], combined: [{ stream: listenKey, data: event }] })
})
