/**
 * The symbol that people and charting services mean. Charts write `BINANCE:BTCUSDT`, people `BTC/USDT`
 * or `BTC-USD`; inside the fleet only the canonical form exists. Only what the fleet trades is
 * found, and a text that fits two of its symbols fits none.
 */
export function canonicalSymbol(text: string, symbols: readonly string[]): string | null {
  const wanted = compact(text.slice(text.indexOf(':') + 1))
  const found = symbols.filter((symbol) => compact(symbol) === wanted)
  return found.length === 1 ? (found[0] as string) : null
}

function compact(text: string): string {
  return text.trim().toUpperCase().replaceAll(/[/_-]/g, '')
}
