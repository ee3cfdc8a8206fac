// From where fills are asked for, whatever the venue's clock says.
import type { FillsFrom } from '@flotilla/venue'
import { describe, expect, it } from 'vitest'
import { createHarness, positionOf, symbol, type DeskHarness } from '../testing.ts'
import { fillsThroughKey } from './fills-through.ts'

const MARGIN_MS = 60_000
const SWEEP_MS = 300_000

const asked = (desk: DeskHarness): FillsFrom[] =>
  desk.venue.callsOf('fetchFills').map(({ argument }) => (argument as { from: FillsFrom }).from)

const stored = (desk: DeskHarness) => desk.ledger.recall('execution', fillsThroughKey(symbol))

async function traded(desk: DeskHarness, name: string): Promise<void> {
  await desk.approve({ name })
  await desk.settle()
  await desk.approve({ name: `${name} out`, purpose: 'exit', quantity: '0.00999' })
  await desk.settle()
}

describe('where the venue counts its trades', () => {
  it('the first look asks for the newest trade of anybody, and the next for what came after it', async () => {
    const desk = await createHarness()
    expect(asked(desk)).toEqual([{ newest: 1 }])
    expect(await stored(desk)).toBe('0')
    await traded(desk, 'one')
    await desk.pass(SWEEP_MS + 1_000, 5_000)
    expect(asked(desk).at(-1)).toEqual({ fromId: '0' })
  })

  it('what is older than the margin of a lagging copy is not asked for again, also after a restart', async () => {
    const desk = await createHarness()
    await traded(desk, 'one')
    await desk.pass(2 * MARGIN_MS, 5_000)
    await traded(desk, 'two')
    await desk.pass(SWEEP_MS + 1_000, 5_000)
    const trades = await desk.venue.fetchFills(symbol, { since: 0 })
    expect(trades).toHaveLength(4)
    expect(await stored(desk)).toBe(trades[1]?.tradeId)
    await desk.restart()
    await desk.pass(SWEEP_MS + 1_000, 5_000)
    expect(asked(desk).at(-1)).toEqual({ fromId: trades[1]?.tradeId })
  })

  it('a trade that may be of an order in doubt is looked at until that is known', async () => {
    const desk = await createHarness()
    const before = await stored(desk)
    desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    const [effect] = desk.effects
    await desk.send(effect!)
    const fills = await desk.venue.fetchFills(symbol, { since: 0 })
    const later = { ...fills[0]!, tradeId: '999', executedAt: desk.now + 2 * MARGIN_MS }
    for (const answer of desk.answers) await desk.receive(answer)
    await desk.input({ kind: 'fills-told', key: 'fills', fills: [...fills, later] })
    expect(await stored(desk)).toBe(before)
    await desk.settle()
    await desk.pass(30_000)
    expect(await positionOf(desk)).toMatchObject({ state: 'protected' })
  })

  it('a look that has missed a fill is followed by one by time', async () => {
    const desk = await createHarness()
    desk.replica = (answer) => (answer.kind === 'fills-told' ? { ...answer, fills: [] } : answer)
    desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
    await desk.approve({ name: 'one' })
    await desk.settle()
    await desk.pass(20_000)
    const kinds = asked(desk).map((from) => Object.keys(from)[0])
    expect(kinds.slice(0, 4)).toEqual(['newest', 'fromId', 'since', 'fromId'])
  })
})

describe('where fills are told by time alone', () => {
  it('the time is that of the venue, with a margin', async () => {
    const desk = await createHarness({ seams: { settings: { fillsById: false } } })
    const behind = 600_000
    desk.desk = { ...desk.desk, venueAheadMs: -behind }
    await desk.pass(SWEEP_MS + 1_000, 5_000)
    const last = asked(desk).at(-1) as { since: number }
    expect(last.since).toBeLessThanOrEqual(desk.now - SWEEP_MS - MARGIN_MS - behind + 5_000)
    expect(await stored(desk)).toBeNull()
  })
})
