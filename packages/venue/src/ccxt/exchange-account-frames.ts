// What the frames of the account's streams say beside orders: that the subscription stands, that it was refused,
// that something was lost on the way. Sources: Coinbase Advanced Trade "WebSocket Channels" and "Overview", MEXC spot
// v3 "Websocket User Data Streams", Alpaca "Websocket Streaming: trade_updates".
import { property, textOf } from './ccxt-hooks.ts'
import type { SpotKind } from './exchange-requests.ts'

export type Frame =
  | { readonly kind: 'subscribed' }
  | {
      readonly kind: 'refused'
      readonly as: 'refused-key' | 'refused'
      readonly reason: string
    }
  | { readonly kind: 'gap'; readonly reason: string }

export type FrameReader = (message: unknown) => readonly Frame[]

/** One for each connection: some frames are numbered within it. */
export function frameReader(kind: SpotKind): FrameReader {
  return { coinbase: coinbaseReader, mexc: () => mexcFrames, alpaca: () => alpacaFrames }[kind]()
}

function coinbaseReader(): FrameReader {
  const numbers = new FrameNumbers()
  return (message) => {
    if (property(message, 'type') === 'error')
      return [refusal(textOf(property(message, 'message')))]
    const lost = numbers.lostBefore(property(message, 'sequence_num'))
    const gap = { kind: 'gap', reason: `${String(lost)} frames before this one were lost` } as const
    return [...(isCoinbaseStart(message) ? [subscribed] : []), ...(lost > 0 ? [gap] : [])]
  }
}

function isCoinbaseStart(message: unknown): boolean {
  const channel = property(message, 'channel')
  if (channel === 'user') return true
  const [first] = listOf(property(message, 'events'))
  return channel === 'subscriptions' && property(property(first, 'subscriptions'), 'user') != null
}

/**
 * Coinbase numbers the frames of a connection one by one. A number that does not rise says that they are counted
 * in another way after all, and then nothing is read into them.
 */
class FrameNumbers {
  #last: number | null = null
  #isTrusted = true

  lostBefore(told: unknown): number {
    if (typeof told !== 'number' || !this.#isTrusted) return 0
    const before = this.#last
    this.#last = told
    if (before === null) return 0
    this.#isTrusted = told > before
    return this.#isTrusted ? told - before - 1 : 0
  }
}

const ORDERS = 'spot@private.orders.v3.api.pb'

function mexcFrames(message: unknown): readonly Frame[] {
  if (typeof message === 'string') {
    return /invalid listen ?key/i.test(message) ? [{ ...refusal(message), as: 'refused' }] : []
  }
  const told = textOf(property(message, 'msg'))
  if (/not subscribed/i.test(told)) return [{ ...refusal(told), as: 'refused' }]
  return told.includes(ORDERS) ? [subscribed] : []
}

function alpacaFrames(message: unknown): readonly Frame[] {
  const data = property(message, 'data')
  if (property(message, 'stream') === 'authorization') {
    const isTaken = property(data, 'status') === 'authorized'
    const words = textOf(property(data, 'message')) || textOf(property(data, 'status'))
    return isTaken ? [] : [{ kind: 'refused', as: 'refused-key', reason: words }]
  }
  if (property(message, 'stream') !== 'listening') return []
  const streams = listOf(property(data, 'streams'))
  return streams.includes('trade_updates')
    ? [subscribed]
    : [{ kind: 'refused', as: 'refused', reason: 'trade_updates is not listened to' }]
}

const subscribed = { kind: 'subscribed' } as const

function refusal(reason: string) {
  const isOfKey = /authenticat|unauthorized|jwt|signature|api[- ]?key/i.test(reason)
  return { kind: 'refused', as: isOfKey ? 'refused-key' : 'refused', reason } as const
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
