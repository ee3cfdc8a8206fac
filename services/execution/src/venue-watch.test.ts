// What execution does of itself about a venue that refuses its key, or whose clock is another, and about
// messages that come too late.
import { createMessage, Resume } from '@flotilla/contracts'
import { expect, it } from 'vitest'
import { isFlat, isProtected, wrapped } from './testing/deaths.ts'
import type { ApprovalOptions } from './testing.ts'
import { liveRigs } from './testing/live-rigs.ts'
import { approve as approveNow, createWorld, type Rig, type World } from './testing/rig.ts'

const live = liveRigs()

const approve = (world: World, rig: Rig, options: ApprovalOptions) =>
  approveNow(world, rig, { expiresInMs: 3_600_000, ...options })

const changes = (rig: Rig) =>
  rig.said.flatMap((message) =>
    message.type === 'execution.entries.changed.v1' ? [message.payload] : [],
  )

const clockAhead = (world: World, aheadMs: number): void => {
  world.venue.state = { ...world.venue.state, clock: { aheadMs, uncertaintyMs: 20 } }
}

it('a key that is refused stops entries with the setting to look at, until one is taken', async () => {
  const world = await createWorld()
  const rig = await live(world)
  world.venue.state = { ...world.venue.state, keysRefused: 'refused; check venue.apiKey' }
  await rig.until(() => changes(rig).length === 1)
  expect(changes(rig)).toMatchObject([{ cause: 'keys_refused', asset: null, allowed: false }])
  expect(changes(rig)[0]?.reason).toMatch(/check venue\.apiKey; nothing is held; exits/)
  await approve(world, rig, { name: 'one' })
  await rig.until(() => rig.heardOf('execution.order.expired.v1').length === 1)
  const payload = { account: null, symbol: null, requestedBy: 'test', reason: 'new key' }
  await rig.publish(
    createMessage(Resume, { source: 'operator', occurredAt: 1, discriminator: 'resume', payload }),
  )
  await rig.until(() => world.venue.callsOf('retryKeys').length === 1)
  const signed = world.venue.callsOf('fetchBalances').length
  world.venue.state = { ...world.venue.state, keysRefused: null }
  await rig.until(() => changes(rig).length === 2)
  expect(world.venue.callsOf('fetchBalances').length).toBeGreaterThan(signed)
  await approve(world, rig, { name: 'two' })
  await rig.until(() => isProtected(world))
})

it('a key that is said to be good again is believed when the venue has answered', async () => {
  const world = await createWorld()
  let away = false
  const venue = wrapped(world.venue, (method, _, call) =>
    away && method === 'fetchBalances' ? Promise.reject(new Error('away')) : call(),
  )
  const rig = await live(world, { venue })
  away = true
  world.venue.state = { ...world.venue.state, keysRefused: 'refused; check venue.apiKey' }
  await rig.until(() => changes(rig).length === 1)
  world.venue.state = { ...world.venue.state, keysRefused: null }
  const later = world.now + 120_000
  await rig.until(() => world.now > later)
  const ofKeys = () => changes(rig).filter(({ cause }) => cause === 'keys_refused')
  expect(ofKeys()).toHaveLength(1)
  away = false
  await rig.until(() => ofKeys().length === 2)
})

it('clocks that differ are told at 250 ms and stop entries at 750 ms, not exits', async () => {
  const world = await createWorld()
  const rig = await live(world)
  await approve(world, rig, { name: 'one' })
  await rig.until(() => isProtected(world))
  const alarms = () =>
    rig.context.logs.messages('error').filter((each) => each === 'clock differs from the venue')
  clockAhead(world, 200)
  const later = world.now + 30_000
  await rig.until(() => world.now > later)
  expect(alarms()).toEqual([])
  clockAhead(world, -300)
  await rig.until(() => alarms().length === 1)
  expect(changes(rig)).toEqual([])
  clockAhead(world, 800)
  await rig.until(() => changes(rig).length === 1)
  expect(changes(rig)).toMatchObject([{ cause: 'clock_skew', asset: null, allowed: false }])
  expect(changes(rig)[0]?.reason).toContain("the venue's clock is 800 ms ahead of ours")
  await approve(world, rig, { name: 'out', purpose: 'exit', quantity: '0.00999' })
  await rig.until(() => isFlat(world))
  clockAhead(world, 0)
  await rig.until(() => changes(rig).length === 2)
  expect(alarms()).toHaveLength(1)
})

it('the clocks are compared every two minutes', async () => {
  const world = await createWorld()
  const rig = await live(world)
  const later = world.now + 600_000
  await rig.until(() => world.now >= later)
  expect(world.venue.callsOf('measureClock')).toHaveLength(5)
})
