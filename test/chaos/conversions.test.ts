// Exits at a quoted price, over the wire: whatever becomes of an acceptance or of its answer, what is held is
// sold once, and the venue has carried out what our ledger says.
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openInProcess } from './support/in-process.ts'
import { symbol } from './support/messages.ts'
import { OTHERS } from './support/stage.ts'

const settings =
  'convert: exits, pacing: { notionalMin: 1, slices: 2, durationMs: 1000 }, protection: pair'
const Truth = z.looseObject({
  conversions: z.array(z.looseObject({ fromAmount: z.string(), toAmount: z.string() })),
  escapes: z.array(z.unknown()),
  balances: z.array(z.looseObject({ asset: z.string(), free: z.string(), locked: z.string() })),
})
const accepting = { method: 'POST', path: '/sapi/v1/convert/acceptQuote' }

it.each([
  ['nothing goes wrong', null],
  ['the answer is cut off', 'F2'],
])('an entry is bought once and protected when %s', async (_, kind) => {
  const world = await openInProcess(settings.replace('exits', 'all'))
  const { stage, ledger } = world
  const position = async () => (await ledger.loadPositions('main'))[0]
  try {
    const fault = { match: accepting, count: 1 }
    const id = kind === null ? null : await stage.faults.set({ kind, ...fault })
    await stage.propose({ purpose: 'entry' })
    const isDone = async () =>
      (await position())?.protection?.state === 'protected' &&
      (await ledger.loadOpenOrders('main')).length === 2
    await stage.until('bought and protected', isDone)
    const response = await fetch(new URL('/__sim/ledger', stage.simulator.controlUrl ?? ''))
    const truth = Truth.parse(await response.json())
    expect(truth.conversions).toHaveLength(1)
    const fills = await ledger.loadFills({ account: 'main' })
    const bought = fills.filter(({ tradeId }) => tradeId.startsWith('convert-'))
    expect(bought.map(({ quantity }) => quantity.toNumber())).toEqual(
      truth.conversions.map(({ toAmount }) => Number(toAmount)),
    )
    expect(id === null ? 1 : await stage.faults.hits(id)).toBe(1)
    const base = truth.balances.find(({ asset }) => asset === symbol.split('/')[0])
    const held = Number(base?.free) + Number(base?.locked) - Number(OTHERS)
    expect(held).toBeCloseTo((await position())?.quantity.toNumber() ?? 0, 8)
  } finally {
    await world.close()
  }
})

it('an entry whose acceptance never arrives is given up, and not bought by slices', async () => {
  const world = await openInProcess(settings.replace('exits', 'all'))
  const { stage, ledger } = world
  try {
    const id = await stage.faults.set({ kind: 'F1', match: accepting, count: 1 })
    await stage.propose({ purpose: 'entry' })
    const orders = () => ledger.loadOrders({ account: 'main', limit: 10 })
    const isGivenUp = async () => (await orders()).some(({ state }) => state === 'not-placed')
    await stage.until('given up', isGivenUp)
    expect(await stage.faults.hits(id)).toBe(1)
    expect(await orders()).toHaveLength(1)
    const response = await fetch(new URL('/__sim/ledger', stage.simulator.controlUrl ?? ''))
    expect(Truth.parse(await response.json()).conversions).toEqual([])
    expect(await ledger.loadPositions('main')).toEqual([])
  } finally {
    await world.close()
  }
})

it.each([
  ['nothing goes wrong', null, { conversions: 2, failures: 0 }],
  ['the answer is cut off', 'F2', { conversions: 2, failures: 0 }],
  // The exit goes in slices then; the dust is converted.
  ['the request never arrives', 'F1', { conversions: 1, failures: 1 }],
])('an exit and its dust are sold once when %s', async (_, kind, expected) => {
  const world = await openInProcess(settings)
  const { stage, ledger, logs } = world
  const position = async () => (await ledger.loadPositions('main'))[0]
  try {
    await stage.propose({ purpose: 'entry' })
    await stage.until(
      'protected',
      async () => (await position())?.protection?.state === 'protected',
    )
    const isBought = async () => (await ledger.loadOpenOrders('main')).length === 2
    await stage.until('all bought', isBought)
    const fault = { match: accepting, count: 1 }
    const id = kind === null ? null : await stage.faults.set({ kind, ...fault })
    await stage.propose({ purpose: 'exit' })
    await stage.until('nothing is left', async () => (await position())?.quantity.isZero() === true)

    const response = await fetch(new URL('/__sim/ledger', stage.simulator.controlUrl ?? ''))
    const truth = Truth.parse(await response.json())
    expect(truth.escapes).toEqual([])
    const base = truth.balances.find(({ asset }) => asset === symbol.split('/')[0])
    expect(Number(base?.free) + Number(base?.locked)).toBe(Number(OTHERS))
    const fills = await ledger.loadFills({ account: 'main' })
    const converted = fills.filter(({ tradeId }) => tradeId.startsWith('convert-'))
    expect(converted.map(({ quantity }) => quantity.toNumber())).toEqual(
      truth.conversions.map(({ fromAmount }) => Number(fromAmount)),
    )
    expect(converted).toHaveLength(expected.conversions)
    expect(id === null ? 1 : await stage.faults.hits(id)).toBe(1)
    const warned = logs.messages('warn').filter((text) => text === 'conversion failed')
    expect(warned).toHaveLength(expected.failures)
  } finally {
    await world.close()
  }
})
