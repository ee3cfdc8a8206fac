// Every fault kind of the simulator in every state of an order's life that it can meet, over the wire:
// half of the cells, so that two processes share the work.
import { describe, it } from 'vitest'
import { runPairCell } from './support/fault-run.ts'
import { cells } from './support/fault-table.ts'

const half = cells.filter((_, index) => index % 2 === 1)

describe.concurrent('a fault of the venue', () => {
  it.each(half)(
    '$kind while $state doubles nothing, loses nothing and leaves nothing bare',
    (cell) => runPairCell(cell),
  )
})
