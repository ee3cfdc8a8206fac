// What an order says that the venue refused for want of money.
import { VenueError } from '@flotilla/venue'
import { expect, it } from 'vitest'
import { wrapped } from './testing/deaths.ts'
import { approve, createRig, createWorld } from './testing/rig.ts'

const scripted = { kind: 'rejected', code: 'insufficient_balance' } as const
type Told = { readonly reason: string }

it.each([
  [
    'how much it needed and how much is free',
    true,
    /\(balance: 501 USDT, limit 1000000 USDT free\)$/,
  ],
  [
    'that nobody could say what is free',
    false,
    /\(balance: 501 USDT, limit what is free, not known\)$/,
  ],
])('an entry that is refused for want of money says %s', async (_, answers, reason) => {
  const world = await createWorld()
  let asked = false
  const venue = wrapped(world.venue, async (method, __, call) => {
    if (method === 'fetchBalances' && asked && !answers) throw new VenueError('timeout', 'a test')
    if (method === 'placeOrder') asked = true
    return call()
  })
  const rig = await createRig(world, { venue })
  await rig.agent.start()
  world.venue.script({ ...scripted, method: 'placeOrder' })
  await approve(world, rig, { name: 'in' })
  await rig.until(() => rig.heardOf('execution.order.rejected.v1').length === 1)
  expect(rig.heardOf('execution.order.rejected.v1')[0]?.payload.reason).toMatch(reason)
  await rig.stop()
})

it('a protection that is refused for want of money says so too', async () => {
  const world = await createWorld()
  const rig = await createRig(world)
  await rig.agent.start()
  world.venue.script({ ...scripted, method: 'placeProtection' })
  await approve(world, rig, { name: 'in' })
  await rig.until(() => rig.heardOf('execution.protection.failed.v1').length === 1)
  const told: Told | undefined = rig.heardOf('execution.protection.failed.v1')[0]?.payload
  expect(told?.reason).toMatch(/\(balance: 0\.00999 BTC, limit 0\.00999 BTC free\)$/)
  await rig.stop()
})
