import { connect } from 'amqplib'
import { agentNames } from '@flotilla/contracts'
import { queuesOfAgent, type LengthLimits } from '../topology.ts'
import { declareExchanges, declareQueues } from './declare.ts'
import { closeChannel, closeConnection } from './goodbye.ts'

/**
 * Declares the whole topology with an administrator's rights, so that agents with users of their
 * own find the exchanges they may not make, and no trading message is published before the queue of
 * its slowest consumer is there. Doing it again changes nothing.
 */
export async function provisionRabbit(url: string, lengthMax: LengthLimits = {}): Promise<void> {
  const model = await connect(url, { noDelay: true })
  model.on('error', () => undefined)
  try {
    await declareExchanges(model)
    const channel = await model.createChannel()
    channel.on('error', () => undefined)
    for (const agent of agentNames) await declareQueues(channel, queuesOfAgent(agent, lengthMax))
    await closeChannel(channel)
  } finally {
    await closeConnection(model)
  }
}
