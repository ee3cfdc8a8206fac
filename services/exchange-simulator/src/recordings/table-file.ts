import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parquetReadObjects, parquetSchema, parquetMetadata } from 'hyparquet'

/** A recording as rows of text, whatever it was stored as. */
export type TableFile = {
  readonly path: string
  /** Names of the columns, in lower case. */
  readonly names: readonly string[]
  /** Cells separated by commas. */
  readonly lines: readonly string[]
}

/** CSV with a header line, plain or gzipped, or Parquet, plain or with Snappy inside. */
export async function readTable(path: string): Promise<TableFile> {
  const bytes = await readFile(path)
  if (bytes.subarray(0, 4).toString('latin1') === 'PAR1') return readParquet(path, bytes)
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const text = (isGzip ? gunzipSync(bytes) : bytes).toString('utf8')
  const [header = '', ...lines] = text.split(/\r?\n/)
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  return { path, names, lines: lines.filter((line) => line.trim() !== '') }
}

async function readParquet(path: string, bytes: Buffer): Promise<TableFile> {
  const file = new Uint8Array(bytes).buffer
  const columns = parquetSchema(parquetMetadata(file)).children.map(({ element }) => element.name)
  const rows = await parquetReadObjects({ file })
  return {
    path,
    names: columns.map((name) => name.toLowerCase()),
    lines: rows.map((row) => columns.map((column) => textOf(row[column], path)).join(',')),
  }
}

const PLACES = 8

/** The shortest digits that say a number, as people write it in CSV. */
function textOf(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Date) return String(value.getTime())
  if (value === null || value === undefined) return ''
  if (typeof value !== 'number') throw new Error(`${path}: a cell is neither number nor text`)
  const text = String(value)
  return text.includes('e') ? value.toFixed(PLACES) : text
}

/** Where the columns are that are needed, in the order in which they are needed. */
export function positionsOf(
  { path, names }: TableFile,
  columns: readonly string[],
): readonly number[] {
  return columns.map((column) => {
    const position = names.indexOf(column)
    if (position >= 0) return position
    throw new Error(
      `${path}: there is no column ${column} among ${names.join(', ')}; ` +
        `a recording of this kind needs ${columns.join(', ')}`,
    )
  })
}

/** The lines of each symbol, reduced to the cells that are wanted. */
export function rowsBySymbol(
  table: TableFile,
  positions: readonly number[],
): Map<string, readonly string[]> {
  const symbolAt = table.names.indexOf('symbol')
  const isPlain =
    positions.length === table.names.length && positions.every((at, index) => at === index)
  if (symbolAt < 0 && isPlain) return new Map([[symbolOfName(table.path), table.lines]])
  const name = symbolAt < 0 ? symbolOfName(table.path) : ''
  const groups = new Map<string, string[]>()
  for (const line of table.lines) {
    const cells = line.split(',')
    const symbol = symbolAt < 0 ? name : (cells[symbolAt]?.trim() ?? '')
    const row = positions.map((at) => cells[at] ?? '').join(',')
    const group = groups.get(symbol)
    if (group === undefined) groups.set(symbol, [row])
    else group.push(row)
  }
  return groups
}

function symbolOfName(path: string): string {
  const match = /(?:^|_)([A-Z0-9]{1,20})-([A-Z0-9]{1,20})(?:_|\.)/.exec(basename(path))
  if (match === null) {
    throw new Error(`${path}: neither a column "symbol" nor a name such as binance_BTC-USDT_1m.csv`)
  }
  return `${match[1] ?? ''}/${match[2] ?? ''}`
}
