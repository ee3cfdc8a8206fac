import type { Simulator } from '../index.ts'
import { startSimulatorByHand } from './started-simulator.ts'
import type { WireClient } from './wire-client.ts'

/** An exchange whose faults are in the hand of a test, and the looks that it needs at what became of them. */
export type FaultWorld = {
  readonly simulator: Simulator
  readonly client: WireClient
  control(method: string, path: string, body?: object): Promise<Control>
  set(fault: object): Promise<Control>
  /** How often a kind has struck so far; one that has is noted as tested. */
  hitsOf(kind: string): Promise<number>
  readonly tested: ReadonlySet<string>
  inLedger(clientOrderId: string): Promise<LedgerOrder | undefined>
  nextName(): string
  /** Of each asset the sum over everybody who can own it, and what was owned at the start. */
  sums(): Promise<{ asset: string; sum: number; owned: number }[]>
}

type Control = Record<string, unknown> & { hits: Record<string, number> }
type LedgerOrder = { clientOrderId: string; status: string; executedQty: string }

/** Which file of tests lets which kinds strike; together they are all. */
export const FAULTS_OF_REQUESTS = Array.from({ length: 16 }, (_, index) => `F${index + 1}`)
export const FAULTS_OF_THE_ENGINE = ['F17', 'F18', 'F19', 'F20', 'F21', 'F22', 'F23', 'F28']
export const FAULTS_OF_STREAMS = ['F24', 'F25', 'F26', 'F27']

const START_BALANCES: Readonly<Record<string, string>> = { USDT: '1000000', BTC: '5', BNB: '10' }

export async function openFaultWorld(): Promise<FaultWorld> {
  const { simulator, client } = await startSimulatorByHand({
    balances: START_BALANCES,
    control: { enabled: true },
  })
  const tested = new Set<string>()
  let unnamed = 0
  const control = async (method: string, path: string, body?: object): Promise<Control> => {
    const response = await fetch(`${simulator.controlUrl ?? ''}/__sim/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return (await response.json()) as Control
  }
  return {
    simulator,
    client,
    control,
    tested,
    set: (fault) => control('POST', 'faults', fault),
    hitsOf: async (kind) => {
      const count = (await control('GET', 'faults')).hits[kind] ?? 0
      if (count > 0) tested.add(kind)
      return count
    },
    inLedger: async (clientOrderId) => {
      const { orders } = await control('GET', 'ledger')
      return (orders as LedgerOrder[]).findLast((order) => order.clientOrderId === clientOrderId)
    },
    nextName: () => `f-${(unnamed += 1)}`,
    sums: async () => {
      const { balances } = await control('GET', 'ledger')
      return (balances as Record<string, string>[]).map(({ asset = '', ...row }) => ({
        asset,
        sum: ['free', 'locked', 'house', 'fees'].reduce((sum, part) => sum + Number(row[part]), 0),
        owned: Number(START_BALANCES[asset] ?? 0),
      }))
    },
  }
}
