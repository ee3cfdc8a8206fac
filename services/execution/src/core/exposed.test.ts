// What the stream of the account leaves out must not leave a position bare for as long as it is trusted.
import { describe, expect, it } from 'vitest'
import type { VenueOrder } from '@flotilla/venue'
import { createHarness, positionOf, symbol, type DeskHarness } from '../testing.ts'

/** Tick by tick, with the stream connected and silent; how often the pair was asked about. */
async function silence(desk: DeskHarness, ms: number): Promise<number> {
  const before = desk.venue.callsOf('queryProtection').length
  for (let gone = 0; gone < ms; gone += 500) {
    desk.desk = { ...desk.desk, followed: true }
    await desk.pass(500)
  }
  return desk.venue.callsOf('queryProtection').length - before
}

async function protectedDesk(): Promise<DeskHarness> {
  const desk = await createHarness()
  await desk.approve({ name: 'one' })
  await desk.settle()
  expect(await positionOf(desk)).toMatchObject({ state: 'protected' })
  return desk
}

/** It has been told long ago and again and again that all is well. */
async function calmDesk(): Promise<DeskHarness> {
  const desk = await protectedDesk()
  await silence(desk, 130_000)
  expect(await silence(desk, 60_000)).toBe(1)
  return desk
}

describe('while the stream of the account is connected and silent', () => {
  it('a protection that is lost after the first answer to a restart is missed at once', async () => {
    const desk = await protectedDesk()
    await desk.restart()
    await silence(desk, 1_000)
    // Another copy of the venue had told what was before, and the stream was not there yet.
    const [listId] = desk.desk.watches.keys()
    await desk.venue.cancelProtection({ clientProtectionId: listId ?? '', symbol })
    await silence(desk, 7_000)
    expect(await positionOf(desk)).toMatchObject({ state: 'protected' })
    expect(await desk.venue.fetchOpenOrders(symbol)).toHaveLength(2)
  })

  it('a gap has everything asked often until no copy of the venue can be older', async () => {
    const desk = await calmDesk()
    await desk.input({ kind: 'sweep' })
    expect(await silence(desk, 55_000)).toBeGreaterThanOrEqual(10)
    await silence(desk, 70_000)
    expect(await silence(desk, 60_000)).toBe(1)
  })

  it('a target that has sold a part has its stop asked for soon', async () => {
    const desk = await calmDesk()
    const told: VenueOrder[] = []
    desk.venue.watchAccount((event) => {
      if (event.kind === 'order') told.push(event.order)
    })
    const target = (await desk.venue.fetchOpenOrders(symbol)).find(
      ({ type }) => type !== 'stop-loss',
    )
    desk.venue.fill(target!.clientOrderId, '0.004', '52000')
    const part = told.find(({ clientOrderId }) => clientOrderId === target!.clientOrderId)
    // What it says of the stop is lost.
    await desk.input({ kind: 'streamed', order: part! })
    expect(await silence(desk, 7_000)).toBeGreaterThanOrEqual(1)
  })

  it('what was planned while all was well does not hold once an entry is in doubt', async () => {
    const desk = await calmDesk()
    await loseEntry(desk, 'two')
    expect(await silence(desk, 7_000)).toBeGreaterThanOrEqual(1)
  })

  it('a protection that the venue denies is asked about again and again, and not faster', async () => {
    const desk = await calmDesk()
    desk.replica = (answer) =>
      answer.kind === 'protection-told' ? { ...answer, protection: null } : answer
    await desk.input({ kind: 'sweep' })
    const asked = await silence(desk, 55_000)
    expect(asked).toBeGreaterThanOrEqual(10)
    expect(asked).toBeLessThanOrEqual(13)
  })

  it('an order in doubt is asked about at short intervals, however long that lasts', async () => {
    const desk = await createHarness()
    await loseEntry(desk, 'one')
    await silence(desk, 120_000)
    const before = desk.venue.callsOf('queryOrder').length
    await silence(desk, 60_000)
    expect(desk.venue.callsOf('queryOrder').length - before).toBeGreaterThanOrEqual(10)
  })
})

/** The venue has it, and neither its answer nor any question about it comes through. */
async function loseEntry(desk: DeskHarness, name: string): Promise<void> {
  desk.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
  desk.replica = (answer) =>
    answer.kind === 'order-told'
      ? { key: answer.key, kind: 'read-failed', subject: answer.clientOrderId, ...noAnswer }
      : answer
  await desk.approve({ name })
  await desk.settle()
}

const noAnswer = { retryAfterMs: 0, reason: 'no answer' }
