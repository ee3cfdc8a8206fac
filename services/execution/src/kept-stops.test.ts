// Stops of execution's own, as the ledger tells them to `flotilla why`: while they are in force, and for what was
// not sent because of them.
import { answerFor, keptStopPrefix, type EntryStop } from '@flotilla/lineage'
import type { Ledger } from '@flotilla/ledger'
import { describe, expect, it } from 'vitest'
import { account, symbol } from './testing.ts'
import { isProtected, wrapped } from './testing/deaths.ts'
import { liveRigs } from './testing/live-rigs.ts'
import { approve as approveNow, createWorld, type Rig, type World } from './testing/rig.ts'

const live = liveRigs()

async function approve(world: World, rig: Rig, name: string): Promise<string> {
  const { payload } = await approveNow(world, rig, { name, expiresInMs: 3_600_000 })
  return payload.intentId
}

const kept = (ledger: Ledger) => ledger.recallAll('execution', keptStopPrefix)
const areKept = (ledger: Ledger, count: number) => async () => (await kept(ledger)).length === count

/** A venue that gives no sign of life while it is told so. */
async function withSilence(): Promise<{ world: World; rig: Rig; be: (silent: boolean) => void }> {
  const world = await createWorld()
  let silent = false
  const venue = wrapped(world.venue, (method, _, call) =>
    silent && method === 'fetchTime' ? new Promise<never>(() => {}) : call(),
  )
  const rig = await live(world, { venue })
  return { world, rig, be: (now) => void (silent = now) }
}

async function stopsTold(world: World, subject: string): Promise<readonly EntryStop[]> {
  const answer = await answerFor({ ledger: world.ledger, mainAccount: account }, subject)
  if (answer === null) return []
  if (answer.kind === 'market') return answer.story.entriesStopped
  return answer.lineages.flatMap(({ waitsFor }) => waitsFor)
}

describe('a stop of the whole account', () => {
  it('is in the ledger with its cause and since when, as long as it is in force', async () => {
    const { world, rig, be } = await withSilence()
    await approve(world, rig, 'one')
    await rig.until(() => isProtected(world))
    const before = world.now
    be(true)
    await rig.until(areKept(world.ledger, 1))
    const stop = { account, cause: 'venue_silent', end: 'It answers again.' }
    const [told] = await stopsTold(world, symbol)
    expect(told).toMatchObject(stop)
    expect(told?.reason).toContain('no answer from the venue')
    expect(told?.since).toBeGreaterThan(before)
    expect(told?.since).toBeLessThanOrEqual(world.now)
    be(false)
    await rig.until(areKept(world.ledger, 0))
    expect(await stopsTold(world, symbol)).toEqual([])
  })

  it('is told of an intent that was refused for it, also when it is over', async () => {
    const { world, rig, be } = await withSilence()
    be(true)
    await rig.until(areKept(world.ledger, 1))
    const intentId = await approve(world, rig, 'one')
    await rig.until(() => rig.heardOf('execution.order.expired.v1').length > 0)
    const [end] = rig.heardOf('execution.order.expired.v1')
    expect(end?.payload.reason).toMatch(/no answer from the venue .*\(venue_silent since 2024/)
    be(false)
    await rig.until(areKept(world.ledger, 0))
    const answer = await answerFor({ ledger: world.ledger, mainAccount: account }, intentId)
    if (answer?.kind !== 'intent') throw new Error('the intent is not known')
    expect(answer.lineages[0]?.orders[0]?.stoppedBy).toMatchObject([{ cause: 'venue_silent' }])
  })

  it('of a process that is no more is forgotten by the next one, where it is not in force', async () => {
    const { world, rig, be } = await withSilence()
    be(true)
    await rig.until(areKept(world.ledger, 1))
    await rig.agent.stop()
    const heir = await live(world)
    await heir.until(areKept(world.ledger, 0))
  })
})

it('a stop that the ledger could not take is stored when it can', async () => {
  const world = await createWorld()
  let isAway = false
  const ledger = wrapped(world.ledger, async (method, _, call) => {
    if (isAway && method === 'commit') throw new Error('away')
    return call()
  })
  const rig = await live(world, { ledger })
  isAway = true
  world.venue.credit('USDT', '-50')
  const told = () => rig.agent.readiness().detail['entriesStopped'] as readonly object[]
  await rig.until(() => told().length > 0)
  expect(await kept(world.ledger)).toEqual([])
  isAway = false
  await rig.until(areKept(world.ledger, 1))
  const [entry] = await kept(world.ledger)
  expect(entry?.value).toMatchObject({ cause: 'balance_drift', asset: 'USDT' })
})
