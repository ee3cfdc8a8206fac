// The order of the test files. What takes minutes begins first, so that nothing is waited for alone at the end.
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Seconds on two cores with nothing else to do, by file; the others take less than ten. */
const LONG: Readonly<Record<string, number>> = {
  'test/e2e/fleet-processes.test.ts': 300,
  'test/e2e/replay-month.test.ts': 170,
  'test/chaos/kills-4.test.ts': 115,
  'test/chaos/kills-2.test.ts': 75,
  'test/e2e/start.test.ts': 60,
  'test/chaos/kills-1.test.ts': 59,
  'test/chaos/kills-3.test.ts': 55,
  'test/chaos/modes-1.test.ts': 46,
  'test/chaos/modes-2.test.ts': 46,
  'test/e2e/dead-man.test.ts': 28,
  'packages/bus/src/rabbit/outage.integration.test.ts': 26,
  'test/chaos/faults-1.test.ts': 23,
  'test/chaos/faults-2.test.ts': 20,
  'test/chaos/ways-out.test.ts': 20,
  'packages/ledger/src/private-postgres/private-postgres.integration.test.ts': 17,
  'services/risk-manager/src/three-intents.test.ts': 17,
  'test/e2e/stale-leader.test.ts': 13,
  'services/risk-manager/src/interleavings-1.property.test.ts': 12,
  'services/risk-manager/src/interleavings-2.property.test.ts': 12,
  'services/risk-manager/src/interleavings-3.property.test.ts': 12,
  'services/risk-manager/src/interleavings-4.property.test.ts': 12,
  'services/execution/src/service.test.ts': 11,
  'services/execution/src/core/desk.property.test.ts': 11,
  'services/execution/src/planted-bugs.test.ts': 10,
  'packages/cli/src/new-strategy/new-strategy-command.test.ts': 10,
}

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files)
    return usual.toSorted(
      (left, right) =>
        groupOf(left) - groupOf(right) || this.#secondsOf(right) - this.#secondsOf(left),
    )
  }

  #secondsOf({ moduleId }: TestSpecification): number {
    return LONG[relative(this.ctx.config.root, moduleId)] ?? 0
  }
}

function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder
}
