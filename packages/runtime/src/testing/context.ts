import type { AgentName } from '@flotilla/contracts'
import type { AgentContext } from '../context.ts'
import { createMetrics } from '../metrics.ts'
import { captureLogs } from './logs.ts'
import type { CapturedLogs } from './logs.ts'
import { createManualClock } from './manual-clock.ts'
import type { ManualClock } from './manual-clock.ts'

export type TestContext = AgentContext & {
  readonly clock: ManualClock
  readonly logs: CapturedLogs
}

/** A context for a test: time stands still until it is moved, log lines are kept. */
export function createTestContext(
  name: AgentName,
  options: { readonly now?: number; readonly instance?: string } = {},
): TestContext {
  const instance = options.instance ?? '1'
  const logs = captureLogs({ agent: name })
  return {
    name,
    instance,
    logger: logs.logger,
    logs,
    metrics: createMetrics({ agent: name, instance }),
    clock: createManualClock(options.now ?? testEpoch),
  }
}

/** 2026-01-05T00:00:00Z, a Monday: a round time in whole minutes. */
const testEpoch = 1_767_571_200_000
