// Coinbase, MEXC and Alpaca as stand-ins that stream, over a WebSocket on loopback (stream-speeches.ts).
import { WebSocket } from 'ws'
import type { SpotKind } from '../ccxt/exchange-requests.ts'
import type { SpotVenueOptions } from '../ccxt/exchange-venue.ts'
import type { Venue } from '../port.ts'
import { openSpotScene } from './spot-venue.ts'
import type { ScriptedServer, ScriptedSocket } from './scripted-server.ts'
import { StreamMarket, type MarketTime } from './stream-market.ts'
import { speeches, type Message, type Speech } from './stream-speeches.ts'

export type StreamScene = {
  readonly venue: Venue
  readonly symbol: string
  readonly market: StreamMarket
  readonly server: ScriptedServer
  /** What was sent to us over all connections, in order. */
  readonly heard: unknown[]
  readonly sockets: ReadonlySet<WebSocket>
  /** At each connection, before anything is said. */
  onConnection: (socket: WebSocket) => void
  /** Addresses that were connected to. */
  readonly paths: string[]
  /** A minute passes; who has subscribed is told. */
  next(): Promise<void>
  /** To everybody, whatever it is. */
  say(frame: unknown): void
  close(): Promise<void>
}

type Sockets = Map<WebSocket, { readonly channels: string[] }>

export type StreamSceneOptions = Partial<SpotVenueOptions> & {
  readonly path?: readonly string[]
  readonly time?: MarketTime
}

export async function openStreamScene(
  kind: SpotKind,
  options: StreamSceneOptions = {},
): Promise<StreamScene> {
  const { path: prices = ['50000'], time, ...rest } = options
  const market = new StreamMarket(prices, time ?? null)
  const speech = speeches[kind]
  const { venue, server } = await openSpotScene(kind, { clock: { now: () => market.now }, ...rest })
  speech.script(server, market)
  const sockets: Sockets = new Map()
  const scene: StreamScene = {
    venue,
    symbol: speech.symbol,
    market,
    server,
    heard: [],
    get sockets() {
      return new Set(sockets.keys())
    },
    onConnection: () => undefined,
    paths: [],
    next: async () => {
      market.next()
      tellAll(sockets, speech, market)
    },
    say: (frame) => {
      for (const socket of sockets.keys()) send(socket, frame)
    },
    close: async () => {
      await venue.close()
      await server.close()
    },
  }
  server.onSocket((socket) => {
    scene.paths.push(socket.path)
    welcome(socket, { scene, speech, sockets })
  })
  return scene
}

type House = { readonly scene: StreamScene; readonly speech: Speech; readonly sockets: Sockets }

function welcome(scripted: ScriptedSocket, { scene, speech, sockets }: House): void {
  const { raw: socket } = scripted
  const subscribed: string[] = []
  sockets.set(socket, { channels: subscribed })
  socket.on('close', () => sockets.delete(socket))
  scene.onConnection(socket)
  for (const frame of speech.greeting) send(socket, frame)
  scripted.onMessage((data) => {
    const message = data as Message
    scene.heard.push(message)
    const { channels, frames } = speech.answer(message)
    for (const frame of frames) send(socket, frame)
    subscribed.push(...channels)
    for (const channel of channels) {
      for (const frame of speech.frames(channel, scene.market, true)) send(socket, frame)
    }
  })
}

function tellAll(sockets: Sockets, speech: Speech, market: StreamMarket): void {
  for (const [socket, { channels }] of sockets) {
    for (const channel of channels) {
      for (const frame of speech.frames(channel, market, false)) send(socket, frame)
    }
  }
}

function send(socket: WebSocket, frame: unknown): void {
  if (socket.readyState !== WebSocket.OPEN) return
  socket.send(frame instanceof Uint8Array ? frame : JSON.stringify(frame))
}
