import { readTable } from './table-file.ts'

/** The symbols that a recording names in its column `symbol`, as BTC/USDT; none without that column. */
export async function symbolsInside(path: string): Promise<readonly string[]> {
  const { names, lines } = await readTable(path)
  const position = names.indexOf('symbol')
  if (position < 0) return []
  const symbols = lines.map((line) => line.split(',')[position]?.trim() ?? '')
  return [...new Set(symbols)].filter((symbol) => symbol !== '')
}
