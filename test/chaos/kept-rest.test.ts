// The rest of an entry waits in the book of the venue, over the wire: what is filled is protected meanwhile, and
// the rest goes when the intent expires.
import { expect, it } from 'vitest'
import { judge } from '../e2e/support/checker.ts'
import { readTruth } from '../e2e/support/truth.ts'
import { openInProcess, type InProcess } from './support/in-process.ts'
import { tablesOf } from './support/memory-tables.ts'

async function agrees(world: InProcess): Promise<boolean> {
  const truth = await readTruth(world.stage.simulator.controlUrl ?? '')
  const tables = await tablesOf(world.ledger, world.said())
  return judge({ tables, truth, deadLetters: 0 }).violations.length === 0
}

it('half an entry is protected while its rest is in the book, which goes when it expires', async () => {
  const world = await openInProcess('entryRemainder: keep')
  const { stage, ledger } = world
  try {
    const match = { method: 'POST', path: 'order' }
    const fault = await stage.faults.set({ kind: 'F17', args: { fraction: 0.5 }, match, count: 1 })
    const intentId = await stage.propose({ purpose: 'entry', expiresInMs: 30_000 })
    const entry = async () =>
      (await ledger.loadOrdersOfIntent('main', intentId)).find(({ leg }) => leg === 'entry')
    await stage.until('half of it is protected', async () => {
      return (
        (await entry())?.state === 'partially-filled' && (await world.calls.state()) === 'protected'
      )
    })
    expect(await entry()).toMatchObject({ timeInForce: 'gtc' })
    expect(await stage.faults.hits(fault)).toBe(1)
    await stage.until('the rest is gone', async () => (await entry())?.state === 'canceled')
    await stage.until('both ledgers agree', () => agrees(world))
    expect(await world.calls.state()).toBe('protected')
    const reservation = await ledger.findReservationOfIntent('main', intentId)
    expect(reservation?.endedAt).toEqual(expect.any(Number))
  } finally {
    await world.close()
  }
})
