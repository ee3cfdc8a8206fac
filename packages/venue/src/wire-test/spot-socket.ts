// The account's streams of Coinbase, MEXC and Alpaca as their documents have them, spoken by a stand-in: who may
// subscribe, how that is confirmed, and the frame of an order.
import { createRequire } from 'node:module'
import path from 'node:path'
import type { SpotKind } from '../ccxt/exchange-requests.ts'
import type { ScriptedServer, ScriptedSocket } from './scripted-server.ts'
import { alpacaTerms, orderId } from './spot-venue.ts'
import { marketNow } from './wire-venue.ts'

type StreamedOrder = {
  readonly status: 'open' | 'part' | 'filled' | 'canceled'
  readonly clientOrderId?: string
  /** A sale unless said otherwise; of MEXC's orders only. */
  readonly side?: 'buy' | 'sell'
}

export type SpotSocket = {
  /** Every connection since the start, the newest last. */
  readonly connections: readonly ScriptedSocket[]
  /** Over the newest connection. */
  tell(order: StreamedOrder): void
  tellUnreadable(): void
  /** What the venue says to a key that it does not take. */
  refuseKeys(): void
  takeKeys(): void
}

type Speech = {
  /** Answers of the stand-in to what it was sent. */
  answer(message: unknown, isTaken: boolean): readonly unknown[]
  order(order: StreamedOrder): unknown
  readonly unreadable: unknown
}

export function openSpotSocket(kind: SpotKind, server: ScriptedServer): SpotSocket {
  const connections: ScriptedSocket[] = []
  const speech = speeches[kind]()
  let isTaken = true
  server.on('POST /api/v3/userDataStream', () =>
    isTaken
      ? { json: { listenKey: 'listen-key-1' } }
      : { status: 400, json: { code: 10072, msg: 'Api key info invalid' } },
  )
  server.on('DELETE /api/v3/userDataStream', { json: {} })
  server.onSocket((socket) => {
    connections.push(socket)
    socket.onMessage((message) => {
      for (const answer of speech.answer(message, isTaken)) socket.send(answer)
    })
  })
  return {
    connections,
    tell: (order) => connections.at(-1)?.send(speech.order(order)),
    tellUnreadable: () => connections.at(-1)?.send(speech.unreadable),
    refuseKeys: () => void (isTaken = false),
    takeKeys: () => void (isTaken = true),
  }
}

const filledOf = { open: '0', part: '0.004', filled: '0.01', canceled: '0' } as const
const leftOf = { open: '0.01', part: '0.006', filled: '0', canceled: '0' } as const
const valueOf = { open: '0', part: '200', filled: '500', canceled: '0' } as const

function coinbase(): Speech {
  let number = -1
  const framed = (channel: string, events: readonly unknown[]) => {
    number += 1
    const timestamp = new Date(marketNow).toISOString()
    return { channel, client_id: '', timestamp, sequence_num: number, events }
  }
  const status = { open: 'OPEN', part: 'OPEN', filled: 'FILLED', canceled: 'CANCELLED' } as const
  return {
    answer: (message, isTaken) => {
      const { channel } = message as { channel: string }
      if (channel !== 'user') return []
      number = -1
      if (!isTaken) return [{ type: 'error', message: 'authentication failure' }]
      const snapshot = framed('user', [{ type: 'snapshot', orders: [] }])
      return [snapshot, framed('subscriptions', [{ subscriptions: { user: ['user-1'] } }])]
    },
    order: (order) =>
      framed('user', [
        {
          type: 'update',
          orders: [
            {
              order_id: orderId,
              client_order_id: order.clientOrderId ?? 'fl-1',
              cumulative_quantity: filledOf[order.status],
              leaves_quantity: leftOf[order.status],
              avg_price: order.status === 'open' ? '0' : '50000',
              filled_value: valueOf[order.status],
              total_fees: '0',
              status: status[order.status],
              product_id: 'BTC-USD',
              creation_time: new Date(marketNow).toISOString(),
              order_side: 'SELL',
              order_type: 'LIMIT',
              limit_price: '50000',
              stop_price: '0',
              time_in_force: 'GOOD_UNTIL_CANCELLED',
            },
          ],
        },
      ]),
    // One that never came: the next has a number too many.
    get unreadable() {
      number += 1
      return framed('heartbeats', [{ heartbeat_counter: 7 }])
    },
  }
}

/** The venue's own message format, as ccxt carries it. */
type Wrapper = {
  encode(message: object): { finish(): Uint8Array }
  fromObject(fields: object): object
}

function wrapper(): Wrapper {
  const fetch = createRequire(import.meta.url)
  const root = path.join(path.dirname(fetch.resolve('ccxt')), '..', 'js', 'src', 'protobuf')
  const compiled = fetch(path.join(root, 'mexc', 'compiled.cjs')) as {
    PushDataV3ApiWrapper: Wrapper
  }
  return compiled.PushDataV3ApiWrapper
}

function mexc(): Speech {
  const frames = wrapper()
  const status = { open: 1, part: 3, filled: 2, canceled: 4 } as const
  return {
    answer: (message) => {
      const { method, params } = message as { method: string; params?: readonly string[] }
      return method === 'SUBSCRIPTION' ? [{ id: 0, code: 0, msg: params?.[0] }] : []
    },
    order: (order) => {
      const privateOrders = {
        id: orderId,
        clientId: order.clientOrderId ?? 'fl-1',
        price: '50000',
        quantity: '0.01',
        amount: '500',
        avgPrice: order.status === 'open' ? '' : '50000',
        orderType: 1,
        tradeType: order.side === 'buy' ? 1 : 2,
        remainQuantity: leftOf[order.status],
        cumulativeQuantity: filledOf[order.status],
        cumulativeAmount: valueOf[order.status],
        status: status[order.status],
        createTime: marketNow,
      }
      const channel = 'spot@private.orders.v3.api.pb'
      const fields = { channel, symbol: 'BTCUSDT', sendTime: marketNow, privateOrders }
      return Buffer.from(frames.encode(frames.fromObject(fields)).finish())
    },
    unreadable: Buffer.from([0xff, 0xff, 0xff]),
  }
}

function alpaca(): Speech {
  const status = {
    open: 'new',
    part: 'partially_filled',
    filled: 'filled',
    canceled: 'canceled',
  } as const
  const event = { open: 'new', part: 'partial_fill', filled: 'fill', canceled: 'canceled' } as const
  const at = new Date(marketNow).toISOString()
  const bytes = (message: unknown) => Buffer.from(JSON.stringify(message))
  return {
    // Binary frames, as those of its test network are.
    answer: (message, isTaken) => {
      const { action } = message as { action: string }
      const data = { status: isTaken ? 'authorized' : 'unauthorized', action }
      if (action === 'authenticate') return [bytes({ stream: 'authorization', data })]
      return [bytes({ stream: 'listening', data: { streams: ['trade_updates'] } })]
    },
    order: (order) =>
      bytes({
        stream: 'trade_updates',
        data: {
          event: event[order.status],
          timestamp: at,
          execution_id: '5f781a30-b9a3-4c86-b466-2175850cf340',
          order: {
            ...alpacaTerms,
            client_order_id: order.clientOrderId ?? 'fl-1',
            filled_at: order.status === 'filled' ? at : null,
            filled_qty: filledOf[order.status],
            filled_avg_price: order.status === 'open' ? null : '50000',
            status: status[order.status],
          },
        },
      }),
    unreadable: bytes({ stream: 'trade_updates', data: { event: 'fill', order: { qty: '1' } } }),
  }
}

const speeches: Readonly<Record<SpotKind, () => Speech>> = { coinbase, mexc, alpaca }
