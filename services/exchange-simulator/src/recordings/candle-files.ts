import { readRecording, type Recording } from '../core/index.ts'
import { positionsOf, readTable, rowsBySymbol } from './table-file.ts'

const COLUMNS = ['timestamp_ms', 'open', 'high', 'low', 'close', 'volume'] as const

/**
 * Recorded candles by symbol. The symbol is in a column `symbol` or in the file's name, as
 * binance_BTC-USDT_1m_2024.csv.
 */
export async function readCandleFiles(paths: readonly string[]): Promise<Map<string, Recording>> {
  const recordings = new Map<string, Recording>()
  for (const path of paths) {
    const table = await readTable(path)
    for (const [symbol, rows] of rowsBySymbol(table, positionsOf(table, COLUMNS))) {
      if (recordings.has(symbol)) throw new Error(`${path}: a second recording of ${symbol}`)
      recordings.set(symbol, readRecording(rows, path))
    }
  }
  return recordings
}
