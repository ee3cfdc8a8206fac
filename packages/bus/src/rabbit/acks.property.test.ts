import type { Channel, ConsumeMessage } from 'amqplib'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Acks } from './acks.ts'

/** Settles tags as RabbitMQ does: a tag that is not open closes the channel. */
function brokerSide(deliveries: number) {
  const open = new Set(Array.from({ length: deliveries }, (_, index) => index + 1))
  const acked: number[] = []
  const requeued: number[] = []
  let frames = 0
  const settle = (tag: number, into: number[]): void => {
    if (!open.delete(tag)) throw new Error(`unknown delivery tag ${tag}`)
    into.push(tag)
  }
  const channel = {
    ack: ({ fields }: ConsumeMessage, allBefore = false) => {
      frames += 1
      const before = allBefore ? [...open].filter((tag) => tag < fields.deliveryTag) : []
      settle(fields.deliveryTag, acked)
      for (const tag of before) settle(tag, acked)
    },
    reject: ({ fields }: ConsumeMessage) => settle(fields.deliveryTag, requeued),
  }
  return { channel: channel as unknown as Channel, open, acked, requeued, frames: () => frames }
}

function delivery(deliveryTag: number): ConsumeMessage {
  return { fields: { deliveryTag } } as ConsumeMessage
}

const step = fc.record({
  position: fc.nat(),
  what: fc.constantFrom('ack', 'ack', 'ack', 'ack-at-once', 'requeue'),
  flush: fc.boolean(),
})

test('in whatever order deliveries are settled, each is settled once and as it was meant', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const broker = brokerSide(steps.length)
      const acks = new Acks(broker.channel)
      const left = steps.map((_, index) => index + 1)
      const expected = { acked: [] as number[], requeued: [] as number[] }
      for (const { position, what, flush } of steps) {
        const [tag] = left.splice(position % left.length, 1) as [number]
        if (what === 'requeue') acks.requeue(delivery(tag))
        else acks.ack(delivery(tag), what === 'ack-at-once')
        expected[what === 'requeue' ? 'requeued' : 'acked'].push(tag)
        if (flush) acks.flush()
        // Nothing that is still being worked on was settled along with the rest.
        const settledTooEarly = left.filter((each) => !broker.open.has(each))
        expect(settledTooEarly).toEqual([])
      }
      acks.flush()
      expect(acks.alive).toBe(true)
      expect(broker.acked.toSorted(ascending)).toEqual(expected.acked.toSorted(ascending))
      expect(broker.requeued).toEqual(expected.requeued)
      expect(broker.open.size).toBe(0)
    }),
  )
})

test('a run of deliveries that is settled in one turn is acknowledged by one frame', async () => {
  const broker = brokerSide(100)
  const acks = new Acks(broker.channel)
  for (let tag = 1; tag <= 100; tag++) acks.ack(delivery(tag), false)
  await vi.waitFor(() => expect(broker.acked).toHaveLength(100), 30_000)
  expect(broker.frames()).toBe(1)
})

test('a delivery of a dead channel is not settled at all', async () => {
  const broker = brokerSide(3)
  const acks = new Acks(broker.channel)
  acks.ack(delivery(1), false)
  acks.die()
  acks.ack(delivery(2), true)
  acks.requeue(delivery(3))
  await new Promise((resolve) => setImmediate(resolve))
  expect(broker.open.size).toBe(3)
})

const ascending = (left: number, right: number): number => left - right
