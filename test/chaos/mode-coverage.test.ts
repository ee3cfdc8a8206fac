// The tables of the other ways of protecting are whole: each fault kind meets each call of each mode, and each
// state in which a call is made is met; what is not run has a reason that is written.
import { expect, it } from 'vitest'
import { CALL_STATES } from './support/call-log.ts'
import { FAULT_KINDS } from './support/fault-table.ts'
import {
  allModeCells,
  CALLS,
  exclusionIn,
  modeCells,
  MODES,
  stations,
  type Call,
  type Mode,
} from './support/mode-table.ts'

/** The calls that a mode never makes, or not under another name than one that is there. */
const neverMade: Readonly<Record<Mode, readonly Call[]>> = {
  // The exits come with the entry, and a pair needs no watching.
  attached: ['watch'],
  stop: [],
  // Made as beside a stop without a limit.
  'stop-limit': ['enter', 'ask-entry', 'ask-sale'],
  // The pair that its part has is in the table of pairs.
  kept: ['ask-protection', 'watch', 'sell', 'ask-sale'],
  // Nothing rests.
  supervised: ['protect', 'ask-protection', 'cancel'],
}

it('every mode makes every call somewhere, or never makes it', () => {
  for (const mode of MODES) {
    const made = Object.values(stations[mode]).flatMap((at) =>
      typeof at === 'string' ? [] : [at.call],
    )
    const meant = CALLS.filter((call) => !neverMade[mode].includes(call))
    expect([mode, [...new Set(made)].toSorted()]).toEqual([mode, meant.toSorted()])
  }
})

it('every fault kind meets every state of every mode, or is excluded with a reason', () => {
  const all = new Set(allModeCells.map(({ mode, kind, state }) => `${mode} ${kind} ${state}`))
  for (const mode of MODES) {
    for (const kind of FAULT_KINDS) {
      for (const state of CALL_STATES) {
        const excluded = (exclusionIn(mode, kind, state) ?? '').length > 0
        const name = `${mode} ${kind} ${state}`
        expect([name, all.has(name)]).toEqual([name, !excluded])
      }
    }
  }
})

it('what is run in every run meets each mode, kind and call, and each state of each mode', () => {
  const met = new Set(modeCells.map(({ mode, kind, call }) => `${mode} ${kind} ${call}`))
  const states = new Set(modeCells.map(({ mode, state }) => `${mode} ${state}`))
  for (const { mode, kind, call, state } of allModeCells) {
    expect(met).toContain(`${mode} ${kind} ${call}`)
    expect(states).toContain(`${mode} ${state}`)
  }
  expect(modeCells.length).toBeGreaterThan(500)
})
