import { readBooks, readTrades, type PrintLog, type TradeRecording } from '../core/index.ts'
import { positionsOf, readTable, rowsBySymbol, type TableFile } from './table-file.ts'

const COLUMNS = ['timestamp_ms', 'price', 'quantity', 'taker_side'] as const

/** Recorded trades by symbol, with the books that were recorded beside them. */
export async function readTradeFiles(files: {
  readonly trades: readonly string[]
  readonly books: readonly string[]
}): Promise<Map<string, TradeRecording>> {
  const books = await readBookFiles(files.books)
  const recordings = new Map<string, TradeRecording>()
  for (const path of files.trades) {
    const table = await readTable(path)
    for (const [symbol, rows] of rowsBySymbol(table, positionsOf(table, COLUMNS))) {
      if (recordings.has(symbol)) throw new Error(`${path}: a second recording of ${symbol}`)
      const recording = readTrades(rows, path)
      recordings.set(symbol, { ...recording, books: books.get(symbol)?.books ?? [] })
    }
  }
  for (const [symbol, { path }] of books) {
    if (!recordings.has(symbol)) throw new Error(`${path}: books of ${symbol}, but no trades of it`)
  }
  return recordings
}

type BookRecording = { readonly path: string; readonly books: PrintLog['books'] }

async function readBookFiles(paths: readonly string[]): Promise<Map<string, BookRecording>> {
  const recordings = new Map<string, BookRecording>()
  for (const path of paths) {
    const table = await readTable(path)
    for (const [symbol, rows] of rowsBySymbol(table, positionsOf(table, bookColumns(table)))) {
      if (recordings.has(symbol)) throw new Error(`${path}: a second recording of ${symbol}`)
      recordings.set(symbol, { path, books: readBooks(rows, path) })
    }
  }
  return recordings
}

/** timestamp_ms, then bid1_p, bid1_q, ... and ask1_p, ask1_q, ... as deep as the file goes. */
function bookColumns({ names }: TableFile): readonly string[] {
  const depth = Math.max(1, names.filter((name) => /^bid\d+_p$/.test(name)).length)
  const side = (name: string): string[] =>
    Array.from({ length: depth }, (_, index) => [
      `${name}${index + 1}_p`,
      `${name}${index + 1}_q`,
    ]).flat()
  return ['timestamp_ms', ...side('bid'), ...side('ask')]
}
