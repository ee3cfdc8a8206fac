export * from './port.ts'
export * from './records.ts'
export type { LedgerLogger } from './logger.ts'
export {
  findPrivatePostgres,
  type PrivatePostgres,
  type PrivatePostgresOptions,
  startPrivatePostgres,
} from './private-postgres/private-postgres.ts'
export { FolderInUseError } from './private-postgres/lock.ts'
export { PostgresMissingError } from './private-postgres/binaries.ts'
export { createMemoryLedger, type MemoryLedgerOptions } from './memory/memory-ledger.ts'
export { openPostgresLedger, type PostgresLedgerOptions } from './postgres/postgres-ledger.ts'
export { writeDecision } from './written-decision.ts'
export { createLeadership, type Leadership, type LeadershipOptions } from './leadership.ts'
export {
  createUnitProcessor,
  NotLeadingError,
  type UnitProcessor,
  type UnitProcessorOptions,
} from './unit-processor.ts'
