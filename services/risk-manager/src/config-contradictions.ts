// Settings that are each allowed, and together make a limit that never holds: better said at the start than
// found out by an account that relied on it.
import { Decimal } from '@flotilla/money'
import type { RiskManagerConfig } from './config.ts'

type Contradiction = {
  readonly path: readonly string[]
  readonly message: string
  readonly fix: string
}

export function contradictionsOf(config: RiskManagerConfig): readonly Contradiction[] {
  return [...capsTooSmall(config), ...limitsOutOfOrder(config)]
}

/** What one symbol may be is a part of what its asset may be, and no bet is larger than all of them. */
function capsTooSmall({ caps }: RiskManagerConfig): Contradiction[] {
  const { symbolShareMax } = caps
  return (['assetShareMax', 'correlatedShareMax'] as const).flatMap((name) => {
    if (symbolShareMax === '1' || Decimal.from(symbolShareMax).atMost(caps[name])) return []
    const message = `symbolShareMax ${symbolShareMax} can never be reached: ${name} is ${caps[name]}`
    return [{ path: ['caps', 'symbolShareMax'], message, fix: `lower it, or raise ${name}` }]
  })
}

function limitsOutOfOrder({ protections, equityIntervalMs, trim }: RiskManagerConfig) {
  const problems: Contradiction[] = []
  const { stopGuard, lowProfit } = protections
  if (stopGuard.stops > 0 && stopGuard.pauseMs === 0) {
    const message = 'a pause of 0 after so many stops pauses nothing'
    const fix = 'set pauseMs, or stops to 0'
    problems.push({ path: ['protections', 'stopGuard', 'pauseMs'], message, fix })
  }
  if (lowProfit.trades > 0 && lowProfit.lockMs === 0) {
    const message = 'a lock of 0 locks nothing'
    const fix = 'set lockMs, or trades to 0'
    problems.push({ path: ['protections', 'lowProfit', 'lockMs'], message, fix })
  }
  if (equityIntervalMs * trim.everyCycles > longestWaitMs) {
    const message = `a look every ${trim.everyCycles} valuations of ${equityIntervalMs} ms is more than a day apart`
    const fix = 'lower everyCycles or equityIntervalMs; 0 switches the trim off'
    problems.push({ path: ['trim', 'everyCycles'], message, fix })
  }
  return problems
}

const longestWaitMs = 86_400_000
