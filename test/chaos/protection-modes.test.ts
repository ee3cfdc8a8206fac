// The whole way of a position on the wire under each protection that a venue may offer: the simulator has
// them all, and execution is told to use less of it, as it does by itself at venues that have less.
import { describe, expect, it } from 'vitest'
import type { AnyMessage } from '@flotilla/contracts'
import { readTruth } from '../e2e/support/truth.ts'
import { openInProcess, type InProcess } from './support/in-process.ts'
import { longestNakedMs } from './support/naked-time.ts'

const resting = {
  pair: ['LIMIT_MAKER', 'STOP_LOSS'],
  stop: ['STOP_LOSS'],
  'stop-limit': ['STOP_LOSS_LIMIT'],
  supervised: [],
} as const
type Mode = keyof typeof resting

type Protection = { readonly state: string; readonly mode?: string; readonly reason: string | null }

function protectionsOf(world: InProcess): Protection[] {
  const isPosition = ({ type }: AnyMessage) => type === 'execution.position.changed.v1'
  return world
    .said()
    .filter(isPosition)
    .map(({ payload }) => (payload as { protection: Protection }).protection)
}

async function openTypesAt({ stage }: InProcess): Promise<string[]> {
  const { orders } = await readTruth(stage.simulator.controlUrl ?? '')
  const open = orders.filter(({ status }) => status === 'NEW' || status === 'PARTIALLY_FILLED')
  return open.map(({ type }) => type).toSorted()
}

async function protectedUnder(mode: Mode, further = ''): Promise<InProcess> {
  const world = await openInProcess(`protection: ${mode}${further}`)
  await world.stage.propose({ purpose: 'entry' })
  await world.stage.until(
    'the position is protected',
    () => protectionsOf(world).at(-1)?.state === 'protected',
  )
  return world
}

/** A way that the price goes, and what sells the position then where we watch for it ourselves. */
const ways: readonly (readonly [Mode, number, string | null])[] = [
  ['pair', 5, null],
  ['pair', -5, null],
  ['stop', 5, 'take_profit_reached'],
  ['stop', -5, null],
  ['stop-limit', 5, 'take_profit_reached'],
  ['stop-limit', -5, 'stop_gapped'],
  ['supervised', 5, 'take_profit_reached'],
  ['supervised', -5, 'stop_reached'],
]

describe('a position over the wire', () => {
  it.each(ways)('rests as %s, and is sold once when the price moves by %s %%', async (...way) => {
    const [mode, percent, code] = way
    const world = await protectedUnder(mode)
    try {
      expect(await openTypesAt(world)).toEqual(resting[mode])
      expect(protectionsOf(world).at(-1)?.mode).toBe(mode)
      await world.stage.faults.moveMarket(percent, 1)
      await world.stage.until('it is sold', () =>
        ['none', 'dust'].includes(protectionsOf(world).at(-1)?.state ?? ''),
      )
      expect(await openTypesAt(world)).toEqual([])
      const reasons = protectionsOf(world).map(({ reason }) => reason)
      expect(code === null || reasons.includes(code)).toBe(true)
      const { orders } = await readTruth(world.stage.simulator.controlUrl ?? '')
      const filled = orders.filter(({ status }) => status === 'FILLED')
      const sales = filled.filter(({ clientOrderId }) => !clientOrderId.includes('-e'))
      expect(sales).toHaveLength(1)
    } finally {
      await world.close()
    }
  })

  it('comes with its exits in one request, and is never without them', async () => {
    const world = await protectedUnder('pair', ', attachExits: true')
    try {
      expect(await openTypesAt(world)).toEqual(resting.pair)
      const truth = await readTruth(world.stage.simulator.controlUrl ?? '')
      expect(truth.orders).toHaveLength(3)
      expect(longestNakedMs(truth, world.stage.now())).toBe(0)
      await world.stage.faults.moveMarket(-5, 1)
      await world.stage.until('it is sold', () =>
        ['none', 'dust'].includes(protectionsOf(world).at(-1)?.state ?? ''),
      )
      expect(await openTypesAt(world)).toEqual([])
    } finally {
      await world.close()
    }
  })

  it('brings exits for what was received, whoever takes the fee', async () => {
    const world = await openInProcess('attachExits: true')
    const { stage } = world
    try {
      await stage.faults.set({ kind: 'F28', args: { feeAsset: 'BNB', feeAssetPrice: '600' } })
      await stage.propose({ purpose: 'entry' })
      const state = () => protectionsOf(world).at(-1)?.state ?? ''
      await stage.until('the position is protected', () => state() === 'protected')
      const { orders } = await readTruth(stage.simulator.controlUrl ?? '')
      expect(orders).toHaveLength(3)
      expect(new Set(orders.map(({ quantity }) => quantity.toString())).size).toBe(1)
      await stage.faults.moveMarket(-5, 1)
      await stage.until('it is sold', () => state() === 'none')
      expect(world.logs.messages('error')).toEqual([])
    } finally {
      await world.close()
    }
  })

  it('comes with its exits also where dust is held', async () => {
    const world = await protectedUnder('pair', ', attachExits: true')
    const { stage } = world
    try {
      const state = () => protectionsOf(world).at(-1)?.state ?? ''
      await stage.propose({ purpose: 'exit' })
      await stage.until('it is sold', () => state() === 'dust')
      await stage.propose({ purpose: 'entry' })
      await stage.until('the position is protected again', () => state() === 'protected')
      const truth = await readTruth(stage.simulator.controlUrl ?? '')
      // Twice three, and the sale in between.
      expect(truth.orders).toHaveLength(7)
      expect(longestNakedMs(truth, stage.now())).toBe(0)
    } finally {
      await world.close()
    }
  })
})
