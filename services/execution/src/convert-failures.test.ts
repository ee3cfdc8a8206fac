// A venue that gives no price: orders do the work, and people hear of it.
import { Decimal } from '@flotilla/money'
import type { Venue } from '@flotilla/venue'
import { expect, it } from 'vitest'
import { isProtected, positionOf, wrapped } from './testing/deaths.ts'
import { approve, createRig, createWorld, type World } from './testing/rig.ts'

const config = { convert: 'exits' } as const
const rules = { marketQuantityMax: Decimal.from('0.005') }

/** Buys 0.0075, sells 0.00749 of what that brings, and waits until dust alone is left. */
async function trade(world: World, venue: Venue = world.venue) {
  const rig = await createRig(world, { config, venue })
  await rig.agent.start()
  await approve(world, rig, { name: 'in', quantity: '0.0075' })
  await rig.until(() => isProtected(world))
  const out = { name: 'out', purpose: 'exit', quantity: '0.00749', expiresInMs: 600_000 } as const
  await approve(world, rig, out)
  await rig.until(async () => (await positionOf(world))?.protection?.state === 'dust')
  return rig
}

it('counts each failure, warns of it, and calls the third in a row an error', async () => {
  const world = await createWorld(undefined, rules)
  world.venue.convert.refuseQuotes('too much, or too little')
  const rig = await trade(world)
  const { logs, metrics } = rig.context
  await rig.until(() => logs.messages('error').includes('conversion failed'))
  expect(logs.messages('warn').filter((text) => text === 'conversion failed')).toHaveLength(2)
  const told = await metrics.metrics()
  expect(told).toMatch(/flotilla_convert_failures_total\{reason="no_quote".*\} 3/)
  expect((await positionOf(world))?.quantity.toString()).toBe('0.0000025')
  await rig.stop()
})

it('asks a venue that converts nothing for no price', async () => {
  const world = await createWorld(undefined, rules)
  const without = new Proxy(
    wrapped<Venue>(world.venue, (_, __, call) => call()),
    {
      get: (target, name) =>
        name === 'convert' ? undefined : (Reflect.get(target, name) as unknown),
    },
  )
  const rig = await trade(world, without)
  expect(world.venue.callsOf('convert')).toEqual([])
  expect(rig.context.logs.messages('error')).toEqual([])
  await rig.stop()
})
