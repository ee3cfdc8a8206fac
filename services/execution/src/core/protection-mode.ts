// How a position of this symbol is protected: what the venue carries out by itself rests there, and
// the rest is watched from here. The venue's rules say what is possible, the configuration may ask for
// less.
import type { ProtectionMode } from '@flotilla/contracts'
import type { SymbolRules } from '@flotilla/venue'

/** From the strongest to the weakest: each is what is left when the one before is not offered. */
const modes: readonly ProtectionMode[] = ['pair', 'stop', 'stop-limit', 'supervised']

export function protectionModeOf(
  rules: Pick<SymbolRules, 'ocoAllowed' | 'orderTypes'>,
  wanted: ProtectionMode = 'pair',
): ProtectionMode {
  const offered = modes.slice(modes.indexOf(wanted)).find((mode) => isOffered(rules, mode))
  return offered ?? 'supervised'
}

function isOffered(
  { ocoAllowed, orderTypes }: Pick<SymbolRules, 'ocoAllowed' | 'orderTypes'>,
  mode: ProtectionMode,
): boolean {
  switch (mode) {
    case 'pair':
      return ocoAllowed && orderTypes.includes('stop-loss')
    case 'stop':
      return orderTypes.includes('stop-loss')
    case 'stop-limit':
      return orderTypes.includes('stop-loss-limit')
    case 'supervised':
      return true
  }
}
