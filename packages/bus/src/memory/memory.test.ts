import { busConformance } from '../bus.conformance.ts'
import { createMemoryBroker } from './memory-broker.ts'

busConformance('in-process', async (options) => {
  const broker = createMemoryBroker({ provision: [], ...options })
  return {
    connect: async () => broker.connect(),
    deadLetters: broker.deadLetters,
    inject: async (queue, body) => broker.inject(queue, body),
    close: async () => undefined,
  }
})
