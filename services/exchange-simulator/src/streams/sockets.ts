import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { realClock, type Timer } from '@flotilla/runtime'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import type { TextResponse } from '../http/server.ts'
import type { TimeUnit } from '../http/time-unit.ts'
import type { WireRequest } from '../http/wire.ts'
import { eventInMicroseconds } from './event-time-unit.ts'
import type { DropKind, Hub, Listener } from './hub.ts'
import { openMarketSocket } from './market-socket.ts'
import { createQuota, type SocketRules } from './socket-rules.ts'
import { answerApi } from './ws-api.ts'

/** Sockets of the exchange: market streams, and the WebSocket API with the account's events. */
export type Sockets = {
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  close(): Promise<void>
}

export type SocketParts = {
  readonly hub: Hub
  readonly answer: (request: WireRequest) => TextResponse | Promise<TextResponse>
  readonly rateLimits: readonly Readonly<Record<string, unknown>>[]
  readonly onEscape: (path: string) => void
  readonly now: () => number
  readonly rules: SocketRules
}

/** A request is a few hundred bytes. */
const MESSAGE_BYTES_MAX = 1_000_000
/** So long may a client take to say good-bye when the exchange closes. */
const FAREWELL_MS = 500

type Connection = {
  readonly socket: WebSocket
  readonly listener: Listener
  readonly openedAt: number
  /** When it last proved to be there. */
  heardAt: number
}

export function createSockets(parts: SocketParts): Sockets {
  const { rules } = parts
  const server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX })
  const connections = new Set<Connection>()
  const mayConnect = createQuota(rules.connectionsMax, rules.connectionsMs)
  const heartbeat: Timer = realClock.every(rules.pingMs, () => {
    for (const connection of connections) checkLife(connection, rules)
  })
  return {
    upgrade: (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://exchange')
      if (!/^\/(ws|stream|ws-api\/v3)(\/|$)/.test(url.pathname)) {
        parts.onEscape(url.pathname)
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
        return
      }
      if (!mayConnect(realClock.now())) {
        socket.end('HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\n\r\n')
        return
      }
      server.handleUpgrade(request, socket, head, (opened) => {
        const connection = accept(parts, opened, url)
        connections.add(connection)
        opened.on('close', () => connections.delete(connection))
      })
    },
    close: async () => {
      await heartbeat.stop()
      await sayGoodBye([...connections])
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function accept(parts: SocketParts, socket: WebSocket, url: URL): Connection {
  const listener = listenerOf(socket, timeUnitOf(url), farewellOf(parts, url.pathname))
  const now = realClock.now()
  const connection: Connection = { socket, listener, openedAt: now, heardAt: now }
  const maySpeak = createQuota(parts.rules.framesPerSecond, 1_000)
  const isApi = url.pathname.startsWith('/ws-api')
  /** Requests of the WebSocket API are counted by their weight instead. */
  const heard = (isCounted: boolean): boolean => {
    connection.heardAt = realClock.now()
    if (!isCounted || maySpeak(connection.heardAt)) return true
    socket.close(1008, 'Too many requests')
    return false
  }
  const receive = receiverOf(parts, listener, url)
  socket.on('pong', () => heard(true))
  socket.on('ping', () => heard(true))
  socket.on('message', (data: RawData) => {
    if (heard(!isApi)) receive(textOf(data))
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => parts.hub.leave(listener))
  return connection
}

function checkLife({ socket, listener, openedAt, heardAt }: Connection, rules: SocketRules): void {
  const now = realClock.now()
  if (now - heardAt > rules.pongMs + rules.pingMs) socket.terminate()
  else if (now - openedAt >= rules.lifetimeMs) listener.drop('shutdown')
  else socket.ping()
}

/** Everybody is told that the exchange closes; who does not answer in time is cut off. */
async function sayGoodBye(connections: readonly Connection[]): Promise<void> {
  const gone = connections.map(
    ({ socket, listener }) =>
      new Promise<void>((resolve) => {
        socket.once('close', () => resolve())
        listener.drop('shutdown')
      }),
  )
  const patience = new AbortController()
  const late = realClock.sleep(FAREWELL_MS, patience.signal).catch(() => undefined)
  await Promise.race([Promise.all(gone), late])
  patience.abort()
  for (const { socket } of connections) socket.terminate()
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return Buffer.from(data as ArrayBuffer).toString('utf8')
}

/** The last word before the exchange closes, in the form of the socket that hears it. */
function farewellOf({ now }: SocketParts, path: string): () => unknown {
  return () => {
    const event = { e: 'serverShutdown', E: now() }
    if (path.startsWith('/ws-api')) return { event }
    return path.startsWith('/stream') ? { stream: '!serverShutdown', data: event } : event
  }
}

/** The word is taken in capitals or without. */
function timeUnitOf({ searchParams }: URL): TimeUnit {
  const isFine = searchParams.get('timeUnit')?.toUpperCase() === 'MICROSECOND'
  return isFine ? 'MICROSECOND' : 'MILLISECOND'
}

function listenerOf(socket: WebSocket, timeUnit: TimeUnit, farewell: () => unknown): Listener {
  const isOpen = (): boolean => socket.readyState === socket.OPEN
  const last = (): unknown =>
    timeUnit === 'MICROSECOND' ? eventInMicroseconds(farewell()) : farewell()
  return {
    timeUnit,
    send: (text) => {
      if (isOpen()) socket.send(text)
    },
    drop: (how: DropKind) => {
      if (how === 'disconnect') return socket.terminate()
      if (how === 'shutdown' && isOpen()) {
        socket.send(JSON.stringify(last()))
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
    const names = listed.split('/').filter((name) => name !== '')
    const socket = openMarketSocket(parts.hub, listener, {
      names,
      isCombined,
      streamsMax: parts.rules.streamsMax,
    })
    return (text) => socket.receive(text)
  }
  const wishes = {
    rateLimits: url.searchParams.get('returnRateLimits') !== 'false',
    timeUnit: listener.timeUnit,
  }
  const api = { ...parts, listener, wishes }
  return (text) => {
    answerApi(api, text).then(
      (answer) => {
        if (answer !== null) listener.send(answer)
      },
      () => listener.drop('disconnect'),
    )
  }
}
