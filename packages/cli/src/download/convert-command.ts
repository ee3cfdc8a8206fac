import { shownPath, userPath } from '../places.ts'
import type { Terminal } from '../terminal.ts'
import { CandleFileError } from './candle-file.ts'
import { convertCandles } from './files.ts'

/** `flotilla convert-candles`: CSV, plain or gzipped, and Parquet, each into the other. */
export async function convert(from: string, to: string, terminal: Terminal): Promise<number> {
  const path = userPath(to)
  try {
    await convertCandles(userPath(from), path)
  } catch (error) {
    if (!(error instanceof CandleFileError)) throw error
    terminal.complain(`flotilla: ${error.message}`)
    return 1
  }
  terminal.print(`in ${shownPath(path)}`)
  return 0
}
