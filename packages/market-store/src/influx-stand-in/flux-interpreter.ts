// Runs pipelines over the stored series and gives tables, as Flux does: one table for each series until they are
// grouped, selectors keep the row with its time, aggregates keep the group's columns only.
import {
  filterArgument,
  FluxError,
  integerArgument,
  rangeArgument,
  readScript,
  stringArgument,
  type Pipeline,
  type Step,
} from './flux-script.ts'
import type { FieldValue } from './line-parser.ts'
import type { Storage } from './storage.ts'

export type Row = { readonly time: number | null; readonly value: FieldValue }
export type Table = {
  /** Columns that are the same in all rows; grouped by, unless the table was merged. */
  readonly columns: ReadonlyMap<string, string>
  readonly range: { readonly start: number; readonly stop: number }
  readonly isGrouped: boolean
  readonly rows: readonly Row[]
}
export type Result = { readonly name: string; readonly tables: readonly Table[] }

export type World = { readonly storage: Storage; readonly bucket: string; readonly now: number }

export class NoBucketError extends Error {
  override readonly name = 'NoBucketError'
}

export function runScript(script: string, world: World): Result[] {
  return readScript(script).map((pipeline) => runPipeline(pipeline, world))
}

function runPipeline(pipeline: Pipeline, world: World): Result {
  const [from, range, ...rest] = pipeline
  if (from === undefined || range?.name !== 'range') throw new FluxError('from needs a range')
  const bucket = stringArgument(from.argument)
  if (bucket !== world.bucket) throw new NoBucketError(`could not find bucket "${bucket}"`)
  let tables = stored(world, rangeArgument(range.argument, world.now))
  let name = '_result'
  for (const step of rest) {
    if (step.name === 'yield') name = stringArgument(step.argument)
    else tables = run(step, tables)
  }
  return { name, tables: tables.filter((table) => table.rows.length > 0) }
}

function stored({ storage }: World, range: Table['range']): Table[] {
  return storage.all().map((series) => ({
    columns: new Map([
      ['_field', series.field],
      ['_measurement', series.measurement],
      ...series.tags,
    ]),
    range,
    isGrouped: true,
    rows: [...series.points]
      .map(([time, value]) => ({ time: Number(time), value }))
      .filter(({ time }) => time >= range.start && time < range.stop)
      .toSorted((one, other) => one.time - other.time),
  }))
}

function run(step: Step, tables: readonly Table[]): Table[] {
  switch (step.name) {
    case 'filter': {
      const wanted = [...filterArgument(step.argument)]
      return tables.filter((table) =>
        wanted.every(([column, value]) => table.columns.get(column) === value),
      )
    }
    case 'group':
      return [merged(tables)]
    case 'sort':
      return eachTable(tables, (rows) =>
        rows.toSorted((one, other) => (one.time ?? 0) - (other.time ?? 0)),
      )
    case 'tail': {
      const count = integerArgument(step.argument, 'n')
      return eachTable(tables, (rows) => (count === 0 ? [] : rows.slice(-count)))
    }
    case 'limit': {
      const count = integerArgument(step.argument, 'n')
      return eachTable(tables, (rows) => rows.slice(0, count))
    }
    default:
      return eachTable(tables, (rows) => (rows.length === 0 ? [] : [reduced(step.name, rows)]))
  }
}

function eachTable(
  tables: readonly Table[],
  change: (rows: readonly Row[]) => readonly Row[],
): Table[] {
  return tables.map((table) => ({ ...table, rows: change(table.rows) }))
}

/** As after `group()`: columns that differ would differ by row; our queries leave none. */
function merged(tables: readonly Table[]): Table {
  const filled = tables.filter((table) => table.rows.length > 0)
  const [first] = filled
  const range = first?.range ?? { start: 0, stop: 0 }
  const rows = filled.flatMap((table) => table.rows)
  return { columns: first?.columns ?? new Map(), range, isGrouped: false, rows }
}

function reduced(name: string, rows: readonly Row[]): Row {
  const numbers = rows.map(({ value }) => Number(value.value))
  const total = numbers.reduce((sum, value) => sum + value, 0)
  const pick = (index: number): Row => {
    const row = rows.at(index)
    if (row === undefined) throw new FluxError('no rows')
    return row
  }
  switch (name) {
    case 'first':
      return pick(0)
    case 'last':
      return pick(-1)
    case 'min':
      return pick(numbers.indexOf(Math.min(...numbers)))
    case 'max':
      return pick(numbers.indexOf(Math.max(...numbers)))
    case 'sum':
      return { time: null, value: { type: 'float', value: total } }
    case 'mean':
      return { time: null, value: { type: 'float', value: total / rows.length } }
    case 'count':
      return { time: null, value: { type: 'integer', value: BigInt(rows.length) } }
    default:
      throw new FluxError(`the stand-in does not know ${name}()`)
  }
}
