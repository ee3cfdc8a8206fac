export * from './bus.ts'
export type { RedeliveryPolicy } from './settle.ts'
export type { LengthLimits } from './topology.ts'
export { permissionsOf, type Permissions, type TopicPermission } from './permissions.ts'
export type { Disorder } from './memory/disorder.ts'
export {
  createMemoryBroker,
  type MemoryBroker,
  type MemoryBrokerOptions,
  type MemoryQueueState,
} from './memory/memory-broker.ts'
export { connectRabbit } from './rabbit/rabbit-bus.ts'
export { provisionRabbit } from './rabbit/provision.ts'
export { rabbitDeadLetters } from './rabbit/dead-letters.ts'
export type { BusLog } from './log.ts'
export type { RabbitOptions } from './rabbit/settings.ts'
