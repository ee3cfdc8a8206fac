import type { Desk } from '../desk.ts'
import type { Limits } from '../http/limits.ts'
import type { Hub } from '../streams/hub.ts'
import { befall } from './deeds.ts'
import { readFault } from './fault-kinds.ts'
import type { Fault, FaultRegistry } from './fault-registry.ts'
import { remember } from './faulty-wire.ts'

/** The control port's side of the faults: to set them, to look at them, to take them away. */
export type FaultControl = {
  set(body: unknown): unknown
  list(): unknown
  /** One by its id, or all. */
  lift(id: number | null): unknown
}

type ControlParts = {
  readonly desk: Desk
  readonly limits: Limits
  readonly registry: FaultRegistry
  readonly hub: Hub
}

export function createFaultControl({ desk, limits, registry, hub }: ControlParts): FaultControl {
  const list = (): unknown => ({ faults: registry.faults.map(reportOf), hits: registry.hits })
  return {
    set: (body) => {
      const fault = registry.add(readFault(body))
      if (fault.spec.kind === 'F16') remember(desk, fault)
      if (isOfTheMarket(fault)) {
        registry.count(fault)
        fault.isSpent = true
        befall(desk, fault, fault.spec.match.symbol)
        if (fault.spec.kind === 'F27') hub.dropAll(fault.spec.args.how)
      }
      return reportOf(fault)
    },
    list,
    lift: (id) => {
      if (id === null) registry.clear()
      else registry.remove(id)
      limits.pardon()
      return list()
    },
  }
}

/** Without a request to wait for, what befalls a market befalls it at once. */
function isOfTheMarket({ spec }: Fault): boolean {
  const { method, path, cidPrefix, nth, probability, from } = spec.match
  const waits = [method, path, cidPrefix, nth, probability, from].some((part) => part !== undefined)
  return !waits && ['F22', 'F23', 'F27', 'F28'].includes(spec.kind)
}

function reportOf({ id, spec, seen, hits }: Fault): unknown {
  return { id, ...spec, seen, hits }
}
