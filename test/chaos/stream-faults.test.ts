// What the account's stream leaves out, tells twice, tells late or takes away: both ledgers agree in the end,
// over the wire, and while it is well nobody has to ask.
import { describe, expect, it } from 'vitest'
import { judge } from '../e2e/support/checker.ts'
import { readTruth } from '../e2e/support/truth.ts'
import type { FaultRequest } from './support/fault-client.ts'
import { openInProcess, type InProcess } from './support/in-process.ts'
import { tablesOf } from './support/memory-tables.ts'

const streamed = (kind: string, args: Readonly<Record<string, unknown>> = {}): FaultRequest => ({
  kind,
  args,
  match: { path: '/ws/user' },
})

const faults: readonly (readonly [string, FaultRequest])[] = [
  ['tells everything twice', streamed('F24')],
  [
    'tells things in another order',
    { ...streamed('F25'), match: { path: '/ws/user', probability: 0.5 } },
  ],
  ['leaves things out', { ...streamed('F26'), match: { path: '/ws/user', probability: 0.5 } }],
  ['has gone silent', streamed('F26')],
  ['breaks', { ...streamed('F27', { how: 'disconnect' }), count: 2 }],
  ['is cut at the end of its day', { ...streamed('F27', { how: 'cut' }), count: 1 }],
  ['says good-bye', { ...streamed('F27', { how: 'shutdown' }), count: 1 }],
]

const write = { method: 'POST' }

/** Faults of requests, which the stream is up beside. */
const requestFaults: readonly (readonly [string, FaultRequest])[] = [
  ['requests land and their answers break', { kind: 'F2', match: write, count: 2 }],
  ['requests land and are answered with a page', { kind: 'F4', match: write, count: 2 }],
  ['protections never arrive', { kind: 'F1', match: { path: 'orderList/*' }, count: 1 }],
]

/** Longer than the rounds of questions while the stream is up. */
const REST_MS = 400_000

async function agreed(world: InProcess): Promise<boolean> {
  const truth = await readTruth(world.stage.simulator.controlUrl ?? '')
  const deadLetters = (await world.broker.deadLetters.list()).length
  const tables = await tablesOf(world.ledger, world.said())
  return judge({ tables, truth, deadLetters }).violations.length === 0
}

async function connected(world: InProcess): Promise<void> {
  const isConnected = () => world.logs.messages('info').includes('account stream connected')
  await world.stage.until('the stream is up', isConnected, 3_600_000)
}

const isProtected = async (world: InProcess): Promise<boolean> =>
  (await world.calls.state()) === 'protected'

const isFlat = async ({ ledger }: InProcess): Promise<boolean> => {
  const [position] = await ledger.loadPositions('main')
  return position?.quantity.isPositive() !== true || position.protection?.state === 'dust'
}

describe.concurrent('while the stream of the account', () => {
  it.each(faults)('%s, nothing is lost and nothing doubled', (_, fault) => trade(fault))

  describe.concurrent('is up and', () => {
    it.each(requestFaults)('%s, nothing is lost and nothing doubled', (_, fault) => trade(fault))
  })

  async function trade(fault: FaultRequest): Promise<void> {
    const world = await openInProcess()
    const { stage } = world
    try {
      await connected(world)
      const id = await stage.faults.set(fault)
      await stage.propose({ purpose: 'entry' })
      await stage.until('protected', () => isProtected(world))
      await stage.faults.moveMarket(-10, 5)
      await stage.until('the stop has sold', () => isFlat(world), REST_MS)
      expect(await stage.faults.hits(id)).toBeGreaterThan(0)
      await stage.faults.lift()
      await stage.until('both ledgers agree', () => agreed(world), REST_MS)
    } finally {
      await world.close()
    }
  }
})
