import { afterEach } from 'vitest'
import { startRig, type Rig, type RigOptions } from './rig.ts'

/** Starts risk managers for the tests of a file: each is stopped when its test is over. */
export function startedRigs(): (options?: RigOptions) => Promise<Rig> {
  const rigs: Rig[] = []
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.stop()
  })
  return async (options) => {
    const rig = await startRig(options)
    rigs.push(rig)
    return rig
  }
}
