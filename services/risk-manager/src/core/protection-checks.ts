// The pauses that earlier trades have caused; exits are never held up by them.
import { instant } from '@flotilla/contracts'
import type { Book } from './book.ts'
import { denied, passed, type Check } from './check.ts'
import type { ClosedTrade } from './closed-trades.ts'
import { cooldownUntil, profitLock, stopPause } from './protections.ts'

export const cooldown: Check = {
  name: 'cooldown',
  run({ book, intent, limits, now }) {
    const { symbol } = intent
    const until = cooldownUntil(tradesOf(book, symbol), limits.protections)
    if (until === null) return passed()
    const inputs = { until: instant(until) }
    if (now >= until) return passed(inputs)
    return denied({ code: 'symbol_cooling_down', symbol, ...inputs }, inputs)
  },
}

export const stopGuard: Check = {
  name: 'stop-guard',
  run({ book, intent, limits, now }) {
    const { stopGuard: guard } = limits.protections
    const trades = guard.perSymbol ? tradesOf(book, intent.symbol) : allTrades(book)
    const pause = stopPause(trades, limits.protections)
    if (pause === null) return passed()
    const inputs = { stops: pause.stops, stopsMax: guard.stops, until: instant(pause.until) }
    if (now >= pause.until) return passed(inputs)
    return denied({ code: 'stops_reached_limit', ...inputs }, inputs)
  },
}

export const lowProfit: Check = {
  name: 'low-profit',
  run({ book, intent, limits, now }) {
    const { symbol } = intent
    const lock = profitLock(tradesOf(book, symbol), limits.protections)
    if (lock === null) return passed()
    const { profitMin } = limits.protections.lowProfit
    const inputs = {
      trades: lock.trades,
      profit: lock.profit.toString(),
      profitMin: profitMin.toString(),
      until: instant(lock.until),
    }
    if (now >= lock.until) return passed(inputs)
    return denied({ code: 'symbol_profit_too_low', symbol, ...inputs }, inputs)
  },
}

function tradesOf(book: Book, symbol: string): readonly ClosedTrade[] {
  return book.trades.get(symbol) ?? []
}

function allTrades(book: Book): readonly ClosedTrade[] {
  return [...book.trades.values()].flat().sort((one, other) => one.closedAt - other.closedAt)
}
