// A venue that answers from copies which lag: "no such order" and "no such trade" are no proof until they have
// been true for long enough, over the wire.
import { afterEach, expect, it } from 'vitest'
import type { FaultRequest } from './support/fault-client.ts'
import { openInProcess, type InProcess } from './support/in-process.ts'
import { account } from './support/messages.ts'

const worlds: InProcess[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

/** The entry lands, its answer is lost, and the stream is deaf: only asking can tell. */
const lost: readonly FaultRequest[] = [
  { kind: 'F5', match: { method: 'POST', path: 'order' }, count: 1 },
  { kind: 'F26' },
]

async function enterWith(...lags: readonly FaultRequest[]): Promise<InProcess> {
  const world = await openInProcess()
  worlds.push(world)
  for (const fault of [...lost, ...lags]) await world.stage.faults.set(fault)
  await world.stage.propose({ purpose: 'entry' })
  await world.stage.until('protected', async () => (await world.calls.state()) === 'protected')
  return world
}

async function expectNeverDisproved(world: InProcess): Promise<void> {
  const codes = world.said().flatMap(({ payload }) => ('code' in payload ? [payload.code] : []))
  expect(codes).not.toContain('not_placed')
  expect(world.logs.messages('error')).not.toContain('order landed after it was disproved')
  const entries = (await world.ledger.loadOrders({ account, limit: 100 })).filter(
    ({ leg }) => leg === 'entry',
  )
  expect(entries.map(({ state }) => state)).toEqual(['filled'])
}

it('believes no single answer from a copy that lags behind the last moment of a request', async () => {
  // Just long enough that the first question which could settle the matter is answered wrongly, by
  // order, by open orders and by trades; the second one too; not the third.
  const ms = 17_500
  const world = await enterWith(
    { kind: 'F15', args: { ms } },
    { kind: 'F16', args: { lagMs: ms }, match: { method: 'GET', path: 'openOrders' } },
    { kind: 'F16', args: { lagMs: ms }, match: { method: 'GET', path: 'myTrades' } },
  )
  await expectNeverDisproved(world)
})

it('gives no order up while there are trades that nothing else explains', async () => {
  const world = await enterWith({ kind: 'F15', args: { ms: 60_000 } })
  await expectNeverDisproved(world)
})

it('finds and protects what an order bought that every copy denied until it was given up', async () => {
  const ms = 45_000
  const world = await enterWith(
    { kind: 'F15', args: { ms } },
    { kind: 'F16', args: { lagMs: ms }, match: { method: 'GET', path: 'openOrders' } },
    { kind: 'F16', args: { lagMs: ms }, match: { method: 'GET', path: 'myTrades' } },
  )
  const codes = world.said().flatMap(({ payload }) => ('code' in payload ? [payload.code] : []))
  expect(codes).toContain('not_placed')
  expect(world.logs.messages('error')).toContain('order landed after it was disproved')
})
