import { createMemoryBroker } from '@flotilla/bus'
import { createMessage, Heartbeat } from '@flotilla/contracts'
import type { AnyMessage } from '@flotilla/contracts'
import { expect, test } from 'vitest'
import { observed, onceEach } from './observe.ts'

function heartbeat(sequence: number): AnyMessage {
  const startedAt = '2026-01-05T00:00:00.000Z'
  return createMessage(Heartbeat, {
    payload: { agent: 'strategy', instance: '1', ready: true, startedAt, sequence },
    source: 'strategy',
    occurredAt: Date.parse(startedAt),
    discriminator: String(sequence),
  })
}

test('every message that goes out is heard, once each, in order', async () => {
  const heard: string[] = []
  const bus = observed(
    createMemoryBroker().connect(),
    onceEach((message) => heard.push(message.messageId)),
  )
  await bus.publish(heartbeat(1))
  await bus.publishAll([heartbeat(2), heartbeat(1), heartbeat(3)])
  await bus.close()
  expect(heard).toEqual([1, 2, 3].map((sequence) => heartbeat(sequence).messageId))
})
