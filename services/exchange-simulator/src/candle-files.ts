import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readRecording, type Recording } from './core/index.ts'

const COLUMNS = ['timestamp_ms', 'open', 'high', 'low', 'close', 'volume'] as const

/**
 * Recorded candles by symbol. A file is CSV, plain or gzipped, with a header line that names its
 * columns; the symbol is in a column `symbol` or in the file's name, as binance_BTC-USDT_1m_2024.csv.
 */
export function readCandleFiles(paths: readonly string[]): Map<string, Recording> {
  const recordings = new Map<string, Recording>()
  for (const path of paths) {
    for (const [symbol, rows] of rowsBySymbol(path)) {
      if (recordings.has(symbol)) throw new Error(`${path}: a second recording of ${symbol}`)
      recordings.set(symbol, readRecording(rows, path))
    }
  }
  return recordings
}

function rowsBySymbol(path: string): Map<string, string[]> {
  const [header = '', ...lines] = readText(path).split(/\r?\n/)
  const layout = layoutOf(header, path)
  const groups = new Map<string, string[]>()
  for (const line of lines) {
    if (line.trim() === '') continue
    const { symbol, row } = readLine(line, layout)
    const group = groups.get(symbol)
    if (group === undefined) groups.set(symbol, [row])
    else group.push(row)
  }
  return groups
}

type Layout = {
  /** Where our columns are, in our order. */
  readonly positions: readonly number[]
  readonly symbolPosition: number
  /** The symbol that the file's name says, when no column does. */
  readonly symbol: string
}

function layoutOf(header: string, path: string): Layout {
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  const positions = COLUMNS.map((column) => {
    const position = names.indexOf(column)
    if (position < 0) throw new Error(`${path}: the header has no column ${column}`)
    return position
  })
  const symbolPosition = names.indexOf('symbol')
  return { positions, symbolPosition, symbol: symbolPosition < 0 ? symbolOfName(path) : '' }
}

function readLine(line: string, layout: Layout): { symbol: string; row: string } {
  const { positions, symbolPosition } = layout
  const isPlain = symbolPosition < 0 && positions.every((position, index) => position === index)
  if (isPlain) return { symbol: layout.symbol, row: line }
  const cells = line.split(',')
  return {
    symbol: cells[symbolPosition]?.trim() ?? layout.symbol,
    row: positions.map((position) => cells[position] ?? '').join(','),
  }
}

function readText(path: string): string {
  const bytes = readFileSync(path)
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  return (isGzip ? gunzipSync(bytes) : bytes).toString('utf8')
}

function symbolOfName(path: string): string {
  const match = /(?:^|_)([A-Z0-9]{1,20})-([A-Z0-9]{1,20})(?:_|\.)/.exec(basename(path))
  if (match === null) {
    throw new Error(`${path}: neither a column "symbol" nor a name such as binance_BTC-USDT_1m.csv`)
  }
  return `${match[1] ?? ''}/${match[2] ?? ''}`
}
