// A stop that follows the price, a target in parts and a longest time to hold, while the requests that they make
// themselves are lost, refused, delayed or overtaken, over the wire.
import { describe, expect, it } from 'vitest'
import { FAULT_KINDS } from './support/fault-table.ts'
import { runWayCell } from './support/mode-run.ts'
import { allWayCells, exclusionOfWay, wayCells } from './support/way-table.ts'

describe.concurrent('a fault of the venue', () => {
  it.each(wayCells)(
    '$kind while $state for $way under $protection doubles, loses and bares nothing',
    (cell) => runWayCell(cell),
  )
})

it('every kind that can lose, refuse, delay or overtake a request of a way out meets it', () => {
  const met = new Set(wayCells.map(({ way, kind, call }) => `${way} ${kind} ${call}`))
  for (const { way, kind, call } of allWayCells) expect(met).toContain(`${way} ${kind} ${call}`)
  const states = new Set(wayCells.map(({ way, state }) => `${way} ${state}`))
  for (const { way, state } of allWayCells) expect(states).toContain(`${way} ${state}`)
  const station = { call: 'sell', method: 'POST', path: 'order' } as const
  const sold = new Set(allWayCells.flatMap(({ call, kind }) => (call === 'sell' ? [kind] : [])))
  for (const kind of FAULT_KINDS) {
    const reason = exclusionOfWay(kind, station, 'closing')
    expect([kind, sold.has(kind)]).toEqual([kind, reason === null])
  }
})
