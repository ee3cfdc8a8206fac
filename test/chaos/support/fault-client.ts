// The hand on the simulator's faults, over its control port.
import { z } from 'zod'

export type FaultRequest = {
  readonly kind: string
  readonly args?: Readonly<Record<string, unknown>>
  readonly match?: Readonly<Record<string, unknown>>
  readonly count?: number
}

export type FaultClient = {
  /** Sets a fault; its id. */
  set(fault: FaultRequest): Promise<number>
  /** How often a fault that is set has struck. */
  hits(id: number): Promise<number>
  /** One fault, or all. */
  lift(id?: number): Promise<void>
  /** The key of the account is another one from now on. */
  changeKeys(keys: { readonly apiKey: string; readonly apiSecret: string }): Promise<void>
  /** Requests that came with a key which is not that of the account. */
  refusedKeys(): Promise<number>
  /** A jump of all prices at the next minute, in percent. */
  moveMarket(percent: number, minutes?: number): Promise<void>
}

const Fault = z.looseObject({ id: z.number(), hits: z.number() })
const Refusals = z.object({ refusals: z.number() })
const Listing = z.looseObject({ faults: z.array(Fault) })

export function createFaultClient(controlUrl: string): FaultClient {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const answer = await fetch(new URL(path, controlUrl), init)
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
  return {
    set: async (fault) => Fault.parse(await call('POST', '/__sim/faults', fault)).id,
    hits: async (id) => {
      const { faults } = Listing.parse(await call('GET', '/__sim/faults'))
      return faults.find((fault) => fault.id === id)?.hits ?? 0
    },
    lift: async (id) => {
      await call('DELETE', id === undefined ? '/__sim/faults' : `/__sim/faults?id=${id}`)
    },
    changeKeys: async (keys) => {
      await call('POST', '/__sim/keys', keys)
    },
    refusedKeys: async () => Refusals.parse(await call('GET', '/__sim/keys')).refusals,
    moveMarket: async (percent, minutes) => {
      await call('POST', '/__sim/market', {
        percent,
        ...(minutes === undefined ? {} : { minutes }),
      })
    },
  }
}
