// Every fault kind of the simulator in every state of an order's life that it can meet, over the wire.
import { describe, it } from 'vitest'
import { runCell } from './support/fault-run.ts'
import { cells } from './support/fault-table.ts'
const only = process.env['CELLS']
describe.concurrent('a fault of the venue', () => {
  it.each(cells.map((cell) => [`${cell.kind} while ${cell.state}`, cell] as const).filter(([n])=> only === undefined || new RegExp(only).test(n)))(
    '%s doubles nothing, loses nothing and leaves nothing bare',
    (_, cell) => runCell(cell),
  )
})
