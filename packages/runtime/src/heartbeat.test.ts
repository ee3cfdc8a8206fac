import { Heartbeat } from '@flotilla/contracts'
import type { AnyMessage } from '@flotilla/contracts'
import { expect, test } from 'vitest'
import { startHeartbeat } from './heartbeat.ts'
import { createManualClock, createTestContext } from './testing/index.ts'

test('says at once and at every interval whether it is ready', async () => {
  const beat = createManualClock(0)
  const published: AnyMessage[] = []
  let ready = false
  const heartbeat = startHeartbeat({
    context: createTestContext('strategy'),
    intervalMs: 5_000,
    ready: () => ready,
    publish: async (message) => void published.push(message),
    beat,
  })
  await beat.advance(5_000)
  ready = true
  await beat.advance(5_000)
  await heartbeat.stop()
  await beat.advance(50_000)
  const payloads = published.map((message) => Heartbeat.payload.parse(message.payload))
  expect(payloads.map((payload) => [payload.sequence, payload.ready])).toEqual([
    [0, false],
    [1, false],
    [2, true],
  ])
  expect(new Set(published.map((message) => message.messageId)).size).toBe(3)
})

test('a heartbeat that cannot be published harms nobody', async () => {
  const beat = createManualClock(0)
  const context = createTestContext('strategy')
  const heartbeat = startHeartbeat({
    context,
    intervalMs: 10,
    ready: () => true,
    publish: () => Promise.reject(new Error('no broker')),
    beat,
  })
  await beat.advance(20)
  await heartbeat.stop()
  expect(context.logs.messages('debug')).toHaveLength(3)
})
