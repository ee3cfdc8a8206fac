// The table of faults is whole: a pair of fault and state is run, or the reason is written why it cannot be.
import { OrderState } from '@flotilla/contracts'
import { expect, it } from 'vitest'
import { LIFE_STATES } from './support/call-log.ts'
import { cells, exclusionOf, FAULT_KINDS, metIn } from './support/fault-table.ts'

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

function isReason(states: (typeof metIn)[OrderState]): states is string {
  return typeof states === 'string'
}
