// Orders that are there and are given up, because answers come late and every copy of the venue lags: in the end each
// of their fills is counted, and what they brought is protected, or closed where nothing is to be held.
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { subjectOf, type Desk } from './desk.ts'
import { step } from './step.ts'
import { lateCommands } from '../testing/desk-commands.ts'
import { denials, deskProperty, eitherWayOfTelling } from '../testing/desk-life.ts'
import type { Seams } from '../testing.ts'

const common = { seed: propertySeed }
const scene = { happens: lateCommands, own: eitherWayOfTelling, lies: denials }

/** What was given up is over and done with. */
const forgetsIt = (): Seams => ({
  step: (desk, input, now) => {
    const known = [...desk.tickets].filter(([, { order }]) => order.state !== 'not-placed')
    return step({ ...desk, tickets: new Map(known) }, input, now)
  },
})

/** It is asked about when a fill may be of it, and at no other time. */
function onlyByFills(desk: Desk, now: number): Desk {
  const givenUp = new Map(desk.givenUp)
  for (const { order } of desk.tickets.values()) {
    if (order.state !== 'not-placed') continue
    const isSuspect = givenUp.get(subjectOf(order))?.isSuspect === true
    givenUp.set(subjectOf(order), { askedAt: now, isSuspect })
  }
  return { ...desk, givenUp }
}

/** A look begins where the answer to the one before arrived, whatever that left open; nor is it asked about later. */
const neverLooksBack = (): Seams => ({
  step: (desk, input, now) => {
    const draft = step(onlyByFills(desk, now), input, now)
    if (input.kind !== 'fills-told') return draft
    const { sweepMs } = desk.settings
    return { ...draft, desk: { ...draft.desk, sweptUntil: now, sweepAt: now + sweepMs } }
  },
})

describe('an order that was given up and is there', () => {
  it('is found, however late it is told', { timeout: 600_000 }, async () => {
    const numRuns = Number(process.env['FLOTILLA_PROPERTY_RUNS'] ?? 60)
    await fc.assert(deskProperty(undefined, scene), { ...common, numRuns })
  })

  it.each([
    ['forgotten', forgetsIt],
    ['looked for only once', neverLooksBack],
  ])('would be missed, were it %s', { timeout: 600_000 }, async (_, plant) => {
    const found = await fc.check(deskProperty(plant, scene), {
      ...common,
      numRuns: 200,
      endOnFailure: true,
    })
    expect(found.failed).toBe(true)
    expect(found.errorInstance).not.toBeInstanceOf(TypeError)
  })
})
