// Runs one cell of the table: into the state, the fault, healing, rest, and the judgement.
import { expect } from 'vitest'
import { judge } from '../../e2e/support/checker.ts'
import { readTruth } from '../../e2e/support/truth.ts'
import type { LifeState } from './call-log.ts'
import type { FaultRequest } from './fault-client.ts'
import type { Cell } from './fault-table.ts'
import { openInProcess, type InProcess } from './in-process.ts'
import { tablesOf } from './memory-tables.ts'
import { longestNakedMs, longestUnwatchedMs } from './naked-time.ts'
import { account } from './messages.ts'

/** After this a position must be protected or on its way out; then it is sold within a few seconds. */
const DEADLINE_MS = 30_000
const SALE_MS = 5_000
/** Longer than the sweep of all fills and balances, which finds what nobody announced. */
const REST_MS = 700_000
const LOOK_EVERY_MS = 5_000

/** How a cell is led into its state, where that is not the way of the table of pairs. */
export type Scene = {
  /** Further settings of execution, as YAML. */
  readonly settings: string
  readonly approach: Approach
  /** Nothing rests at the venue: what is held is safe while its price is watched. */
  readonly isWatched: boolean
}

/** A cell of the table of pairs. */
export function runPairCell(cell: Cell<LifeState>): Promise<void> {
  return runCell(cell, { settings: '', approach: approaches[cell.state], isWatched: false })
}

export async function runCell(cell: Cell, scene: Scene): Promise<void> {
  const world = await openInProcess(scene.settings)
  try {
    const { stage } = world
    const liftWhatLed = await approach(world, cell, scene)
    await untilStruck(world)
    expect(world.calls.struckIn()).toContain(cell.state)
    await liftWhatLed()
    if (cell.pauseMs > 0) stage.keepRealTime(cell.pauseMs)
    if (cell.move !== null) await stage.faults.moveMarket(cell.move, 1)
    await pass(world, cell.lastsMs)
    await stage.faults.lift()
    await untilAgreed(world, scene)
    await leave(world)
    await untilAgreed(world, scene)
    expect(await longestBareMs(world, scene)).toBeLessThanOrEqual(DEADLINE_MS + SALE_MS)
  } finally {
    await world.close()
  }
}

async function longestBareMs(world: InProcess, { isWatched }: Scene): Promise<number> {
  const { stage } = world
  if (isWatched) return longestUnwatchedMs(world.said(), stage.now())
  return longestNakedMs(await readTruth(stage.simulator.controlUrl ?? ''), stage.now())
}

export const nothing = async (): Promise<void> => {}

export type Approach = (world: InProcess, arm: () => Promise<void>, cell: Cell) => Promise<Way>

/** Takes away what led into the state, where that would last. */
type Way = () => Promise<void>

export const afterProtected =
  (begin: (world: InProcess, cell: Cell) => Promise<unknown>, lost?: Losing): Approach =>
  async (world, arm, cell) => {
    await untilProtected(world)
    for (const fault of lost?.(cell) ?? []) await world.stage.faults.set(fault)
    await arm()
    await begin(world, cell)
    return nothing
  }

export type Losing = (cell: Cell) => FaultRequest[]

/** What has landed stays unknown only as long as the stream does not tell of it. */
export const lostOn =
  (path: string, nth?: number): Losing =>
  ({ loss }) => {
    const match = { method: 'POST', path, ...(nth === undefined ? {} : { nth }) }
    const dropped = { kind: 'F1', match, count: 1 }
    return loss === 'dropped' ? [dropped] : [{ kind: 'F5', match, count: 1 }, { kind: 'F26' }]
  }

export const enter = ({ stage }: InProcess) => stage.propose({ purpose: 'entry' })
export const exit = ({ stage }: InProcess) => stage.propose({ purpose: 'exit' })

export const fromTheStart =
  (lost?: Losing): Approach =>
  async (world, arm, cell) => {
    for (const fault of lost?.(cell) ?? []) await world.stage.faults.set(fault)
    await arm()
    await enter(world)
    return nothing
  }

const approaches: Readonly<Record<LifeState, Approach>> = {
  submitting: fromTheStart(),
  unknown: fromTheStart(lostOn('order')),
  protecting: fromTheStart(),
  'protection-unknown': fromTheStart(lostOn('orderList/*')),
  // A pair that rests is asked about by itself, and told of only when it is filled.
  protected: afterProtected(({ stage }, cell) =>
    cell.happens ? stage.faults.moveMarket(2.5, 1) : nothing(),
  ),
  'partially-filled': async (world, arm) => {
    const { faults } = world.stage
    const match = { method: 'POST', path: 'orderList/*' }
    const id = await faults.set({ kind: 'F17', args: { fraction: 0.5 }, match, count: 1 })
    await untilProtected(world)
    await arm()
    await faults.moveMarket(2.5, 2)
    return () => faults.lift(id)
  },
  canceling: afterProtected(exit),
  replacing: afterProtected(enter),
  exiting: afterProtected(exit),
  'exit-unknown': afterProtected(exit, lostOn('order')),
  closing: afterProtected(({ stage }) => stage.flatten()),
}

function approach(world: InProcess, cell: Cell, scene: Scene): Promise<Way> {
  const { stage, calls } = world
  const set = async (): Promise<void> => {
    if (cell.holdsMs > 0) stage.holdBack(cell.holdsMs)
    const id = await stage.faults.set(cell.fault)
    calls.probe(() => stage.faults.hits(id))
  }
  // Things are told all the time: it must be of this state what the stream fails to tell.
  const arm = async (): Promise<void> => {
    if (cell.isLate) calls.before(cell.state, set)
    else await set()
  }
  return scene.approach(world, arm, cell)
}

/** Struck in a call, or, where the stream is meant, in between. */
async function untilStruck(world: InProcess): Promise<void> {
  const { stage, calls } = world
  let state = await calls.state()
  await stage.until('the fault has struck', async () => {
    if (calls.struckIn().length > 0) return true
    if ((await calls.hits()) > 0) calls.note(state)
    state = await calls.state()
    return false
  })
}

export async function untilProtected(world: InProcess): Promise<void> {
  await enter(world)
  await world.stage.until('protected', async () => (await world.calls.state()) === 'protected')
}

async function pass({ stage }: InProcess, ms: number): Promise<void> {
  const end = stage.now() + ms
  await stage.until('time has passed', () => stage.now() >= end, ms + 1_000)
}

async function violationsOf(world: InProcess, scene: Scene): Promise<readonly string[]> {
  const { stage, ledger, broker } = world
  const truth = await readTruth(stage.simulator.controlUrl ?? '')
  const deadLetters = (await broker.deadLetters.list()).length
  const tables = await tablesOf(ledger, world.said())
  const { isWatched } = scene
  return judge({ tables, truth, deadLetters, isWatched }).violations
}

/** Both sides say the same, and nothing is left to do. */
async function untilAgreed(world: InProcess, scene: Scene): Promise<void> {
  const end = world.stage.now() + REST_MS
  let violations = await violationsOf(world, scene)
  while (violations.length > 0 && world.stage.now() < end) {
    await pass(world, LOOK_EVERY_MS)
    violations = await violationsOf(world, scene)
  }
  expect(violations).toEqual([])
}

/** What is still held is sold: after all that the symbol can be traded as ever. */
async function leave(world: InProcess): Promise<void> {
  const isHeld = async () => {
    const [position] = await world.ledger.loadPositions(account)
    return position?.protection?.state === 'protected'
  }
  if (!(await isHeld())) return
  await exit(world)
  await world.stage.until('nothing is held', async () => !(await isHeld()))
}
