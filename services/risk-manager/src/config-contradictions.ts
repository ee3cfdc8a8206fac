// Settings that are each allowed, and together would deny every single entry or make a limit that never
// holds: better said at the start than found out by an account that does not trade.
import { Decimal } from '@flotilla/money'
import type { RiskManagerConfig } from './config.ts'

type Contradiction = {
  readonly path: readonly string[]
  readonly message: string
  readonly fix: string
}

export function contradictionsOf(config: RiskManagerConfig): readonly Contradiction[] {
  return [
    ...entryTooLarge(config),
    ...capsTooSmall(config),
    ...limitsOutOfOrder(config),
    ...unknownPriorities(config),
  ]
}

/** An entry is fitted to the other caps; what then is more than symbols that move together may be is denied. */
function entryTooLarge({ balanceShare, exposureShareMax, sizing, caps }: RiskManagerConfig) {
  if (sizing.method !== 'balance-share') return []
  const { symbolShareMax, assetShareMax, correlatedShareMax } = caps
  const shares = [balanceShare, exposureShareMax, symbolShareMax, assetShareMax]
  const entry = shares.reduce((one, next) => (Decimal.from(next).lessThan(one) ? next : one))
  if (Decimal.from(entry).atMost(correlatedShareMax)) return []
  const message =
    `one entry of ${entry} of the balance exceeds correlatedShareMax ${correlatedShareMax}: ` +
    'every entry would be denied'
  return [{ path: ['balanceShare'], message, fix: 'lower balanceShare, or raise the cap' }]
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

/** Priorities say who goes first among those who ask at the same moment, and there is no such moment. */
function unknownPriorities({ priorities, batchWindowMs }: RiskManagerConfig): Contradiction[] {
  if (Object.keys(priorities).length === 0 || batchWindowMs > 0) return []
  const fix = 'set batchWindowMs, 5 say, or remove the priorities'
  return [{ path: ['priorities'], message: 'nobody waits for others to ask: they do nothing', fix }]
}
