// Line protocol as strict as the server's, and stricter in one thing: a line without a time is refused, because
// the server would put its own there.

export type FieldValue =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }

export type ParsedLine = {
  readonly measurement: string
  readonly tags: ReadonlyMap<string, string>
  readonly fields: ReadonlyMap<string, FieldValue>
  readonly time: bigint
}

export class LineError extends Error {
  override readonly name = 'LineError'
}

export function parseLine(line: string): ParsedLine {
  return new LineParser(line).parse()
}

class LineParser {
  readonly #line: string
  #at = 0

  constructor(line: string) {
    this.#line = line
  }

  parse(): ParsedLine {
    const measurement = this.#name(', ', ', ')
    if (measurement === '') this.#fail('missing measurement')
    const tags = this.#tags()
    this.#expect(' ', 'missing fields')
    const fields = this.#fields()
    this.#expect(' ', 'missing timestamp')
    const time = this.#line.slice(this.#at)
    if (!/^-?\d{1,19}$/.test(time)) this.#fail('bad timestamp')
    return { measurement, tags, fields, time: BigInt(time) }
  }

  #tags(): Map<string, string> {
    const tags = new Map<string, string>()
    while (this.#peek() === ',') {
      this.#at += 1
      const key = this.#name(',= ', ',= ')
      this.#expect('=', 'missing tag value')
      const value = this.#name(', ', ',= ')
      if (key === '' || value === '') this.#fail('empty tag')
      if (tags.has(key)) this.#fail('duplicate tags')
      tags.set(key, value)
    }
    return tags
  }

  #fields(): Map<string, FieldValue> {
    const fields = new Map<string, FieldValue>()
    do {
      if (this.#peek() === ',') this.#at += 1
      const key = this.#name(',= ', ',= ')
      if (key === '') this.#fail('missing field key')
      this.#expect('=', 'missing field value')
      fields.set(key, this.#peek() === '"' ? this.#string() : this.#scalar())
    } while (this.#peek() === ',')
    return fields
  }

  /** Up to an end that is not escaped. An equals sign within a tag's value must be escaped too. */
  #name(ends: string, escapable: string): string {
    let text = ''
    for (;;) {
      const next = this.#peek()
      if (next === undefined || ends.includes(next)) return text
      if (next === '=' && escapable.includes('=')) this.#fail('invalid tag format')
      const escaped = this.#line[this.#at + 1]
      if (next === '\\' && escaped !== undefined && escapable.includes(escaped)) {
        text += escaped
        this.#at += 2
      } else {
        text += next
        this.#at += 1
      }
    }
  }

  #string(): FieldValue {
    let value = ''
    for (this.#at += 1; ; this.#at += 1) {
      const next = this.#peek()
      if (next === undefined) this.#fail('unbalanced quotes')
      if (next === '"') break
      const escaped = this.#line[this.#at + 1]
      if (next === '\\' && (escaped === '"' || escaped === '\\')) {
        value += escaped
        this.#at += 1
      } else {
        value += next
      }
    }
    this.#at += 1
    return { type: 'string', value }
  }

  #scalar(): FieldValue {
    const start = this.#at
    while (this.#peek() !== undefined && !', '.includes(this.#peek() ?? '')) this.#at += 1
    const text = this.#line.slice(start, this.#at)
    if (/^(t|T|true|True|TRUE)$/.test(text)) return { type: 'boolean', value: true }
    if (/^(f|F|false|False|FALSE)$/.test(text)) return { type: 'boolean', value: false }
    if (/^-?\d+i$/.test(text)) return this.#integer(BigInt(text.slice(0, -1)))
    if (!/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) this.#fail('invalid number')
    const value = Number(text)
    if (!Number.isFinite(value)) this.#fail('number out of range')
    return { type: 'float', value }
  }

  #integer(value: bigint): FieldValue {
    if (BigInt.asIntN(64, value) !== value) this.#fail('integer out of range')
    return { type: 'integer', value }
  }

  #expect(character: string, problem: string): void {
    if (this.#peek() !== character) this.#fail(problem)
    this.#at += 1
  }

  #peek(): string | undefined {
    return this.#line[this.#at]
  }

  #fail(problem: string): never {
    throw new LineError(`unable to parse '${this.#line}': ${problem}`)
  }
}
