export * from './bus.ts'
export { defaultRedelivery, type RedeliveryPolicy } from './settle.ts'
export type { LengthLimits } from './topology.ts'
export type { Disorder } from './memory/disorder.ts'
export {
  createMemoryBroker,
  type MemoryBroker,
  type MemoryBrokerOptions,
  type MemoryQueueState,
} from './memory/memory-broker.ts'
