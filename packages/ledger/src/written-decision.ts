// A decision waits for its commit with thousands of others. The parts of it that only people read are many
// small objects, and whoever collects the garbage would look at each of them again and again: written as
// text they are one. Both ledgers take a decision either way.
import { compactChecks, expandChecks } from './compact-checks.ts'
import type { Decision, Json, WrittenDecision } from './records.ts'

export function writeDecision(decision: Decision | WrittenDecision): WrittenDecision {
  if ('written' in decision) return decision
  const { checks, reasons, sizing, ...rest } = decision
  const written = {
    checks: JSON.stringify(compactChecks(checks)),
    reasons: reasons.length === 0 ? '[]' : JSON.stringify(reasons),
    sizing: JSON.stringify(sizing),
  }
  return { ...rest, written }
}

export function readDecision(decision: Decision | WrittenDecision): Decision {
  if (!('written' in decision)) return decision
  const { written, ...rest } = decision
  return {
    ...rest,
    checks: expandChecks(JSON.parse(written.checks) as Json),
    reasons: JSON.parse(written.reasons) as Decision['reasons'],
    sizing: JSON.parse(written.sizing) as Json,
  }
}
