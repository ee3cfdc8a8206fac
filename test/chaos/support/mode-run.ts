// Leads each way of protecting into the state that a cell of its table asks for, and runs the cell.
import type { CallState } from './call-log.ts'
import type { Cell } from './fault-table.ts'
import type { InProcess } from './in-process.ts'
import {
  afterProtected,
  enter,
  exit,
  fromTheStart,
  lostOn,
  nothing,
  runCell,
  untilProtected,
  type Approach,
} from './fault-run.ts'
import { settingsOf, type Mode, type ModeCell } from './mode-table.ts'
import type { WayCell } from './way-table.ts'

export function runModeCell(cell: ModeCell): Promise<void> {
  const { mode, state } = cell
  const approach = approaches[mode][state]
  if (approach === undefined) throw new Error(`no way leads ${mode} into ${state}`)
  return runCell(cell, { settings: settingsOf[mode], approach, isWatched: mode === 'supervised' })
}

/** A further way out: the market rises by more than its gain and falls back, or time passes. */
export function runWayCell(cell: WayCell): Promise<void> {
  const { settings, protection, way } = cell
  const approach = way === 'holding' ? afterProtected(nothing) : afterMove(1.3)
  return runCell(cell, { settings, approach, isWatched: protection === 'supervised' })
}

type Approaches = Readonly<Partial<Record<CallState, Approach>>>

const sales: Approaches = {
  exiting: afterProtected(exit),
  'exit-unknown': afterProtected(exit, lostOn('order')),
  canceling: afterProtected(exit),
}

/** The market jumps at the next minute, and stays there for two. */
const afterMove = (percent: number): Approach =>
  afterProtected(async ({ stage }) => {
    await stage.faults.moveMarket(percent, 2)
    await stage.untilMinuteEnds()
  })

const nobodyTellsPrices: Approach = async (world, arm) => {
  await untilProtected(world)
  world.stage.hush(true)
  await arm()
  return async () => world.stage.hush(false)
}

/** The book gives an order only a part, and nobody anything on that side until the fault is lifted. */
const inPart = (nth: number) => ({
  kind: 'F17',
  args: { fraction: 0.5 },
  match: { method: 'POST', path: 'order', nth },
  count: 1,
})

const partHeld: Approach = async (world, arm) => {
  const { stage } = world
  const id = await stage.faults.set(inPart(1))
  await arm()
  await enter(world)
  stage.hush(true)
  return async () => {
    stage.hush(false)
    await stage.faults.lift(id)
  }
}

/** The stop sells a part, and the rest is left to us; where it has a limit, when the price has gone through that. */
const stopInPart =
  (...jumps: readonly number[]): Approach =>
  async (world, arm) => {
    const { stage } = world
    const id = await stage.faults.set(inPart(2))
    await untilProtected(world)
    await arm()
    for (const percent of jumps) {
      await stage.faults.moveMarket(percent, 2)
      await stage.untilMinuteEnds()
    }
    return () => stage.faults.lift(id)
  }

const lone: Approaches = {
  ...sales,
  submitting: fromTheStart(),
  unknown: fromTheStart(lostOn('order')),
  'part-held': partHeld,
  protecting: fromTheStart(),
  'protection-unknown': fromTheStart(lostOn('order', 2)),
  protected: afterProtected(({ stage }, cell) =>
    cell.happens ? stage.faults.moveMarket(-4, 1) : nothing(),
  ),
  watching: nobodyTellsPrices,
  replacing: afterProtected(enter),
}

const endsExits = {
  kind: 'F20',
  args: { afterMs: 0 },
  match: { method: 'POST', path: 'orderList/*' },
  count: 1,
}

/** Half of the entry is held under a pair, and the other half waits in the book until the fault is lifted. */
const afterHalf =
  (begin: (world: InProcess, rest: number, cell: Cell) => Promise<unknown>): Approach =>
  async (world, arm, cell) => {
    const { faults } = world.stage
    const rest = await faults.set(inPart(1))
    await untilProtected(world)
    await arm()
    await begin(world, rest, cell)
    return () => faults.lift(rest)
  }

const fillRest = ({ stage }: InProcess, rest: number) => stage.faults.lift(rest)

const approaches: Readonly<Record<Mode, Approaches>> = {
  stop: { ...lone, closing: afterMove(4), 'partially-filled': stopInPart(-6) },
  // Through the limit: the order rests on, and is taken away.
  'stop-limit': { ...lone, closing: afterMove(-8), 'partially-filled': stopInPart(-2.6, -8) },
  supervised: {
    ...sales,
    submitting: fromTheStart(),
    unknown: fromTheStart(lostOn('order')),
    'part-held': partHeld,
    watching: nobodyTellsPrices,
    closing: afterMove(-4),
  },
  kept: {
    submitting: fromTheStart(),
    unknown: fromTheStart(lostOn('order')),
    'part-held': partHeld,
    protected: afterHalf((world, rest, cell) => (cell.happens ? fillRest(world, rest) : nothing())),
    replacing: afterHalf(fillRest),
    canceling: afterHalf(exit),
  },
  attached: {
    ...sales,
    submitting: fromTheStart(),
    unknown: fromTheStart(lostOn('orderList/*')),
    // The answer shows the exits as waiting, and the stream says nothing.
    'coming-to-life': async (world, arm) => {
      const { faults } = world.stage
      const id = await faults.set({ kind: 'F26' })
      await arm()
      await enter(world)
      return () => faults.lift(id)
    },
    protected: afterProtected(({ stage }, cell) =>
      cell.happens ? stage.faults.moveMarket(2.5, 1) : nothing(),
    ),
    // The venue ends the exits that came along: others are placed by hand.
    replacing: async (world, arm) => {
      await world.stage.faults.set(endsExits)
      await arm()
      await enter(world)
      return nothing
    },
    closing: afterProtected(({ stage }) => stage.flatten()),
  },
}
