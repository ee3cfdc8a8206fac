// Answers as InfluxDB writes them: annotations and a header in front of each run of tables with the same columns,
// the result's name as a default instead of in the rows, an empty line between results, lines ending in CRLF.
import type { FieldValue } from './line-parser.ts'
import type { Result, Row, Table } from './flux-interpreter.ts'

type Column = { readonly label: string; readonly type: string; readonly isGrouped: boolean }

export function annotatedCsv(results: readonly Result[]): string {
  const filled = results.filter((result) => result.tables.length > 0)
  return `${filled.map(resultCsv).join('\r\n')}\r\n`
}

/** A query that fails half way ends its answer with this table. */
export function errorCsv(message: string): string {
  return lines([
    ['#datatype', 'string', 'string'],
    ['#group', 'true', 'true'],
    ['#default', '', ''],
    ['', 'error', 'reference'],
    ['', message, '897'],
  ])
}

function resultCsv({ name, tables }: Result): string {
  let header = ''
  return tables
    .map((table, index) => {
      const columns = columnsOf(table)
      const own = headerCsv(name, columns)
      const shown = own === header ? '' : own
      // The schema changed within a result: the server leaves a line before the new header.
      const gap = shown !== '' && header !== '' ? '\r\n' : ''
      header = own
      return gap + shown + lines(table.rows.map((row) => rowCells(row, table, { index, columns })))
    })
    .join('')
}

function columnsOf(table: Table): Column[] {
  const [row] = table.rows
  const grouped = table.isGrouped
  const time = 'dateTime:RFC3339'
  return [
    { label: '_start', type: time, isGrouped: grouped },
    { label: '_stop', type: time, isGrouped: grouped },
    ...(row?.time === null ? [] : [{ label: '_time', type: time, isGrouped: false }]),
    { label: '_value', type: datatypes[row?.value.type ?? 'float'], isGrouped: false },
    ...[...table.columns.keys()].map((label) => ({ label, type: 'string', isGrouped: grouped })),
  ]
}

const datatypes: Readonly<Record<FieldValue['type'], string>> = {
  float: 'double',
  integer: 'long',
  boolean: 'boolean',
  string: 'string',
}

function headerCsv(name: string, columns: readonly Column[]): string {
  return lines([
    ['#datatype', 'string', 'long', ...columns.map((column) => column.type)],
    ['#group', 'false', 'false', ...columns.map((column) => String(column.isGrouped))],
    ['#default', name, '', ...columns.map(() => '')],
    ['', 'result', 'table', ...columns.map((column) => column.label)],
  ])
}

type Place = { readonly index: number; readonly columns: readonly Column[] }

function rowCells(row: Row, table: Table, { index, columns }: Place): string[] {
  const cells = columns.map(({ label }) => {
    if (label === '_start') return timeText(table.range.start)
    if (label === '_stop') return timeText(table.range.stop)
    if (label === '_time') return timeText(row.time ?? 0)
    if (label === '_value') return valueText(row.value)
    return table.columns.get(label) ?? ''
  })
  return ['', '', String(index), ...cells]
}

/** Without a fraction where there is none, as the server does. */
function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('.000Z', 'Z')
}

function valueText(value: FieldValue): string {
  return value.type === 'float' ? withoutExponent(value.value) : String(value.value)
}

/** The server writes floats in full, however long that gets. */
function withoutExponent(value: number): string {
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value))
  if (match === null) return String(value)
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match
  const digits = whole + fraction
  const exponent = Number(exponentText)
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  return `${sign}${digits.padEnd(exponent + 1, '0')}`
}

function lines(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.map(cellText).join(',')}\r\n`).join('')
}

function cellText(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
