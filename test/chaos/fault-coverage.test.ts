// The table of faults is whole: a pair of fault and state is run, or the reason is written why it cannot be.
import { OrderState } from '@flotilla/contracts'
import { expect, it } from 'vitest'
import { LIFE_STATES } from './support/call-log.ts'
import { DEATH_POINTS } from './support/death.ts'
import { cells, exclusionOf, FAULT_KINDS, metIn } from './support/fault-table.ts'
import { deathsOf } from './support/kill-table.ts'

it('every fault kind meets every state of an order, or is excluded with a reason', () => {
  const run = new Set(cells.map(({ kind, state }) => `${kind} ${state}`))
  for (const kind of FAULT_KINDS) {
    for (const state of LIFE_STATES) {
      const excluded = (exclusionOf(kind, state) ?? '').length > 0
      expect([kind, state, run.has(`${kind} ${state}`)]).toEqual([kind, state, !excluded])
    }
  }
  expect(cells.length).toBeGreaterThan(200)
})

it('every state of the life table of orders is one of the table of faults, or has ended', () => {
  expect(Object.keys(metIn).toSorted()).toEqual([...OrderState.options].toSorted())
  const met = new Set(Object.values(metIn).flatMap((states) => (isReason(states) ? [] : states)))
  expect([...met].toSorted()).toEqual([...LIFE_STATES].toSorted())
  const reasons = Object.values(metIn).filter(isReason)
  expect(reasons.every((reason) => reason.length > 0)).toBe(true)
})

it('execution is killed at every point of every deed, with every outcome of what was sent', () => {
  const deaths = deathsOf('order', 'bracket', 'cancel', 'replace')
  for (const point of DEATH_POINTS) {
    // Before anything is sent there is one outcome, afterwards there are four.
    const isSent = point !== 'before-commit' && point !== 'after-commit'
    const outcomes = new Set(deaths.flatMap((each) => (each.point === point ? [each.outcome] : [])))
    expect([point, outcomes.size]).toEqual([point, isSent ? 4 : 1])
  }
  expect(new Set(deaths.map(({ name }) => name)).size).toBe(4 * (2 + 4 * 4))
})

function isReason(states: (typeof metIn)[OrderState]): states is string {
  return typeof states === 'string'
}
