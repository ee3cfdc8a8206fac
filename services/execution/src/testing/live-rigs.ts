import { afterEach } from 'vitest'
import { createRig, type Rig, type RigOptions, type World } from './rig.ts'

/** Starts agents in a world, for the tests of a file: each is stopped when its test is over. */
export function liveRigs(): (world: World, options?: RigOptions) => Promise<Rig> {
  const rigs: Rig[] = []
  afterEach(async () => {
    await Promise.all(rigs.splice(0).map((rig) => rig.stop()))
  })
  return async (world, options) => {
    const rig = await createRig(world, options)
    rigs.push(rig)
    await rig.agent.start()
    return rig
  }
}
