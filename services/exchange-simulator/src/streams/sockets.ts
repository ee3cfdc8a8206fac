import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { realClock, type Timer } from '@flotilla/runtime'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import type { TextResponse } from '../http/server.ts'
import type { WireRequest } from '../http/wire.ts'
import type { DropKind, Hub, Listener } from './hub.ts'
import { openMarketSocket } from './market-socket.ts'
import { answerApi } from './ws-api.ts'

/** Sockets of the exchange: market streams, and the WebSocket API with the account's events. */
export type Sockets = {
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  close(): Promise<void>
}

export type SocketParts = {
  readonly hub: Hub
  readonly answer: (request: WireRequest) => TextResponse | Promise<TextResponse>
  readonly weightLimit: number
  readonly onEscape: (path: string) => void
  readonly now: () => number
}

/** Real time, as the exchange has it: a ping every twenty seconds, and a minute to answer one. */
const PING_MS = 20_000
const PINGS_UNANSWERED_MAX = 3
/** A request is a few hundred bytes. */
const MESSAGE_BYTES_MAX = 1_000_000

export function createSockets(parts: SocketParts): Sockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX })
  const unanswered = new Map<WebSocket, number>()
  const heartbeat: Timer = realClock.every(PING_MS, () => {
    for (const [socket, count] of unanswered) {
      if (count >= PINGS_UNANSWERED_MAX) socket.terminate()
      else socket.ping()
      unanswered.set(socket, count + 1)
    }
  })
  const accept = (socket: WebSocket, url: URL): void => {
    unanswered.set(socket, 0)
    socket.on('pong', () => unanswered.set(socket, 0))
    socket.on('error', () => socket.terminate())
    const listener = listenerOf(socket, parts)
    socket.on('close', () => {
      unanswered.delete(socket)
      parts.hub.leave(listener)
    })
    const receive = receiverOf(parts, listener, url)
    socket.on('message', (data: RawData) => receive(textOf(data)))
  }
  return {
    upgrade: (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://exchange')
      if (!/^\/(ws|stream|ws-api\/v3)(\/|$)/.test(url.pathname)) {
        parts.onEscape(url.pathname)
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
        return
      }
      server.handleUpgrade(request, socket, head, (opened) => accept(opened, url))
    },
    close: async () => {
      await heartbeat.stop()
      for (const socket of unanswered.keys()) socket.terminate()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return Buffer.from(data as ArrayBuffer).toString('utf8')
}

function listenerOf(socket: WebSocket, { now }: SocketParts): Listener {
  const isOpen = (): boolean => socket.readyState === socket.OPEN
  return {
    send: (text) => {
      if (isOpen()) socket.send(text)
    },
    drop: (how: DropKind) => {
      if (how === 'disconnect') return socket.terminate()
      if (how === 'shutdown' && isOpen()) {
        socket.send(JSON.stringify({ e: 'serverShutdown', E: now() }))
      }
      socket.close(how === 'cut' ? 1008 : 1001)
    },
  }
}

function receiverOf(parts: SocketParts, listener: Listener, url: URL): (text: string) => void {
  const { pathname } = url
  if (!pathname.startsWith('/ws-api')) {
    const isCombined = pathname.startsWith('/stream')
    const listed = isCombined ? (url.searchParams.get('streams') ?? '') : pathname.slice(4)
    const names = listed.split('/').filter((name) => name.includes('@'))
    const socket = openMarketSocket(parts.hub, listener, { names, isCombined })
    return (text) => socket.receive(text)
  }
  const api = { ...parts, listener }
  return (text) => {
    answerApi(api, text).then(
      (answer) => {
        if (answer !== null) listener.send(answer)
      },
      () => listener.drop('disconnect'),
    )
  }
}
