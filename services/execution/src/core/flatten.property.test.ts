// Out of the market, and staying out, whatever was on its way and whatever dies meanwhile.
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { step } from './step.ts'
import { deskProperty } from '../testing/desk-life.ts'
import { flatteningCommands } from '../testing/desk-commands.ts'
import type { Seams } from '../testing.ts'

const common = { seed: propertySeed }
const scene = { happens: flatteningCommands }

/** As it was: what is held at the moment of the command is sold, and nothing else happens. */
const onlyWhatIsHeld = (): Seams => ({
  step: (desk, input, now) => {
    const holds = desk.position?.quantity.isPositive() === true
    const told = input.kind === 'flatten' && !holds ? ({ kind: 'tick' } as const) : input
    return step({ ...desk, flattened: null }, told, now)
  },
})

describe('a symbol that is flattened', () => {
  it('holds nothing in the end, unless it was resumed', { timeout: 600_000 }, async () => {
    const numRuns = Number(process.env['FLOTILLA_PROPERTY_RUNS'] ?? 400)
    await fc.assert(deskProperty(undefined, scene), { ...common, numRuns })
  })

  it('would hold what was on its way, were it not looked at', { timeout: 600_000 }, async () => {
    const found = await fc.check(deskProperty(onlyWhatIsHeld, scene), {
      ...common,
      numRuns: 400,
      endOnFailure: true,
    })
    expect(found.failed).toBe(true)
    expect(found.errorInstance).not.toBeInstanceOf(TypeError)
  })
})
