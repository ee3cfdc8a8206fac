// What the stand-in remembers: series by measurement and tags, in them fields of one type each. A point that is
// written again is overwritten field by field.
import type { FieldValue, ParsedLine } from './line-parser.ts'

export type Series = {
  readonly measurement: string
  readonly tags: ReadonlyMap<string, string>
  readonly field: string
  readonly points: Map<bigint, FieldValue>
}

export class TypeConflictError extends Error {
  override readonly name = 'TypeConflictError'
}

export class Storage {
  readonly #series = new Map<string, Series>()
  readonly #types = new Map<string, FieldValue['type']>()

  /** Writes what fits and then tells what did not, as the server does. */
  write(lines: readonly ParsedLine[]): void {
    let conflict: string | null = null
    for (const line of lines) {
      for (const [field, value] of line.fields) {
        const known = this.#types.get(`${line.measurement}.${field}`) ?? value.type
        if (known === value.type) this.#put(line, field, value)
        else conflict = `input field "${field}" is type ${value.type}, already exists as ${known}`
      }
    }
    if (conflict !== null) throw new TypeConflictError(conflict)
  }

  all(): readonly Series[] {
    return [...this.#series.values()]
  }

  #put(line: ParsedLine, field: string, value: FieldValue): void {
    this.#types.set(`${line.measurement}.${field}`, value.type)
    const tags = [...line.tags].toSorted(([one], [other]) => (one < other ? -1 : 1))
    const key = JSON.stringify([line.measurement, tags, field])
    const series = this.#series.get(key) ?? {
      measurement: line.measurement,
      tags: new Map(tags),
      field,
      points: new Map<bigint, FieldValue>(),
    }
    series.points.set(line.time, value)
    this.#series.set(key, series)
  }
}
