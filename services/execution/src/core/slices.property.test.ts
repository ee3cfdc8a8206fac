// An entry in slices at a venue that denies for a minute and more what it has: a slice that is given up may be there
// all the same, and all of them together never spend more than was set aside.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Desk, Ticket } from './desk.ts'
import { step } from './step.ts'
import { lateCommands } from '../testing/desk-commands.ts'
import { denials, deskProperty, slicingHabits } from '../testing/desk-life.ts'
import type { Seams } from '../testing.ts'

const common = { seed: Number(process.env['FLOTILLA_PROPERTY_SEED'] ?? 20_240_805) }
const scene = { happens: lateCommands, own: slicingHabits, lies: denials }

/** What was given up is bought again by the slices that are left. */
const buysItAgain = (): Seams => ({
  step: (before, input, now) => {
    const draft = step(before, input, now)
    const tickets = new Map(draft.desk.tickets)
    for (const [name, ticket] of tickets) {
      const lost = before.tickets.has(name) ? null : lostBefore(before, draft.desk, ticket)
      if (lost === null || ticket.terms.target === null) continue
      const target = ticket.terms.target.plus(lost.order.quantity)
      const quantity = ticket.terms.pace?.left === 1 ? target : ticket.order.quantity
      const terms = { ...ticket.terms, target }
      tickets.set(name, { ...ticket, terms, order: { ...ticket.order, quantity } })
    }
    return { ...draft, desk: { ...draft.desk, tickets } }
  },
})

/** The slice that was given up in the step that made this one. */
function lostBefore(before: Desk, after: Desk, { order }: Ticket): Ticket | null {
  if (order.leg !== 'entry' || order.attempt === 1) return null
  const lost = [...after.tickets].find(([name, ticket]) => {
    const isOfIntent = ticket.order.intentId === order.intentId && ticket.order.leg === 'entry'
    const was = before.tickets.get(name)?.order.state
    return isOfIntent && ticket.order.state === 'not-placed' && was === 'unknown'
  })
  return lost?.[1] ?? null
}

describe('the slices of an entry', () => {
  it('never spend more than is reserved, whatever was given up', { timeout: 600_000 }, async () => {
    const numRuns = Number(process.env['FLOTILLA_PROPERTY_RUNS'] ?? 40)
    await fc.assert(deskProperty(undefined, scene), { ...common, numRuns })
  })

  it('would, were a slice that was given up bought again', { timeout: 600_000 }, async () => {
    const found = await fc.check(deskProperty(buysItAgain, scene), {
      ...common,
      numRuns: 200,
      endOnFailure: true,
    })
    expect(found.failed).toBe(true)
    expect(String(found.errorInstance)).toMatch(/[\d.]+ of [\d.]+/)
  })
})
