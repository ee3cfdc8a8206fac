/** Symbols by pattern: `BTC/USDT`, `*` for any text, as in `BTC/*` or `*UP/USDT`. */
export function matchesAny(symbol: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matches(symbol, pattern))
}

function matches(symbol: string, pattern: string): boolean {
  const parts = pattern.split('*')
  const first = parts[0] ?? ''
  if (parts.length === 1) return symbol === pattern
  const last = parts.at(-1) ?? ''
  if (!symbol.startsWith(first)) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = symbol.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return symbol.length - at >= last.length && symbol.endsWith(last)
}
