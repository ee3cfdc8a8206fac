import { connect } from 'amqplib'
import { describe } from 'vitest'
import { freshVhost, sharedRabbit } from '../../../../test/support/rabbitmq-shared.ts'
import { busConformance } from '../bus.conformance.ts'
import type { OpenBroker } from '../conformance/scene.ts'
import { rabbitDeadLetters } from './dead-letters.ts'
import { connectRabbit } from './rabbit-bus.ts'

const rabbit = await sharedRabbit()

const open: OpenBroker = async (options) => {
  const url = await freshVhost(rabbit)
  return {
    connect: () => connectRabbit({ url, ...options }),
    deadLetters: rabbitDeadLetters(url),
    inject: async (queue, body) => {
      const model = await connect(url, { noDelay: true })
      const channel = await model.createConfirmChannel()
      channel.sendToQueue(queue, Buffer.from(body), { persistent: true })
      await channel.waitForConfirms()
      await model.close()
    },
    close: async () => undefined,
  }
}

describe.skipIf(rabbit === null)('over RabbitMQ', () => {
  busConformance('RabbitMQ', open)
})
