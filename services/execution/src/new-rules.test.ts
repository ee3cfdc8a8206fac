// Venues change their rules while positions are open: what was refused by a rule that we did not know
// is tried again under the new ones, and a position is neither given up nor stuck for it.
import { symbolRules } from '@flotilla/venue/testing'
import { Decimal } from '@flotilla/money'
import { expect, it } from 'vitest'
import { isProtected, positionOf, wrapped } from './testing/deaths.ts'
import { approve, createRig, createWorld, type World } from './testing/rig.ts'

/** The venue with a coarser step, of which it tells only after it has refused the first such request for it. */
function withChangedRules(world: World, refusing: 'placeProtection' | 'placeOrder') {
  const rules = symbolRules({ quantityStep: Decimal.from('0.001') })
  const asked: Decimal[] = []
  const venue = wrapped(world.venue, async (method, argument, call) => {
    if (method === 'fetchRules' && asked.length > 0) return [rules]
    if (method !== refusing) return call()
    const { quantity, side } = argument as { quantity: Decimal; side?: 'buy' | 'sell' }
    if (side === 'buy') return call()
    asked.push(quantity)
    if (asked.length > 1) return call()
    return { kind: 'rejected', code: 'rule_broken', reason: 'Filter failure: LOT_SIZE' }
  })
  return { venue, asked }
}

it('protects by the new rules what was refused by a rule that had changed', async () => {
  const world = await createWorld()
  const { venue, asked } = withChangedRules(world, 'placeProtection')
  const rig = await createRig(world, { venue })
  await rig.agent.start()
  await approve(world, rig, { name: 'in', quantity: '0.01234' })
  await rig.until(() => isProtected(world))
  expect(asked.map(String)).toEqual(['0.01232', '0.012'])
  expect((await positionOf(world))?.protection?.quantity.toString()).toBe('0.012')
  await rig.stop()
})

it('sells by the new rules what was refused by a rule that had changed', async () => {
  const world = await createWorld()
  const { venue, asked } = withChangedRules(world, 'placeOrder')
  const rig = await createRig(world, { venue })
  await rig.agent.start()
  await approve(world, rig, { name: 'in', quantity: '0.01234' })
  await rig.until(() => isProtected(world))
  const out = { name: 'out', purpose: 'exit', quantity: '0.01232' } as const
  await approve(world, rig, out)
  await rig.until(async () => (await positionOf(world))?.protection?.state === 'dust')
  expect(asked.map(String)).toEqual(['0.01232', '0.012'])
  await rig.stop()
})
