// Every fault kind of the simulator against every call of each other way of protecting, over the wire: half of
// the cells, so that two processes share the work.
import { describe, it } from 'vitest'
import { runModeCell } from './support/mode-run.ts'
import { modeCells } from './support/mode-table.ts'

const half = modeCells.filter((_, index) => index % 2 === 0)

describe.concurrent('a fault of the venue', () => {
  it.each(half)(
    '$kind under $mode while $state doubles nothing, loses nothing and leaves nothing bare',
    (cell) => runModeCell(cell),
  )
})
