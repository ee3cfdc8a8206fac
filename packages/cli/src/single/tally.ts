import { perAccountAgents, type AgentName, type AnyMessage } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'

/** What happened in this run, counted from the messages as they went out. */
export type Tally = {
  hear(message: AnyMessage): void
  readonly count: (type: AnyMessage['type']) => number
  /** How often each reason was given. */
  readonly denials: ReadonlyMap<string, number>
  /** The newest close of a symbol. */
  priceOf(symbol: string): Decimal | null
}

/** What a strategy says is said to every account. */
function isOfAnother({ source, account }: AnyMessage, own: string | undefined): boolean {
  if (own === undefined || account === undefined || account === own) return false
  return (perAccountAgents as readonly AgentName[]).includes(source)
}

/** Of all messages, or only of those that are not another account's. */
export function createTally(account?: string): Tally {
  const counts = new Map<string, number>()
  const denials = new Map<string, number>()
  const prices = new Map<string, string>()
  const addTo = (map: Map<string, number>, key: string): void => {
    map.set(key, (map.get(key) ?? 0) + 1)
  }
  return {
    hear(message) {
      if (isOfAnother(message, account)) return
      addTo(counts, message.type)
      if (message.type === 'market.candle.closed.v1') {
        prices.set(message.payload.symbol, message.payload.close)
      } else if (message.type === 'risk.intent.denied.v1') {
        for (const { code } of message.payload.reasons) addTo(denials, code)
      }
    },
    count: (type) => counts.get(type) ?? 0,
    denials,
    priceOf(symbol) {
      const price = prices.get(symbol)
      return price === undefined ? null : Decimal.from(price)
    },
  }
}
