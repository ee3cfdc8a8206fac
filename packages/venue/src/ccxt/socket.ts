// A WebSocket that ends once and says why. One that has gone silent is as good as closed: a connection whose
// other side is gone stays open for hours by itself.
import { WebSocket, type RawData } from 'ws'

import { VenueError } from '../errors.ts'
import { Watchdog, type Timer } from '../watchdog.ts'

export type SocketOptions = {
  readonly url: string
  /** Real milliseconds until it must be open. */
  readonly openWithinMs: number
  /** Real milliseconds without a message or a ping after which it counts as dead. */
  readonly silenceMaxMs: number
  readonly onText: (text: string) => void
  /** Not called after `close`, nor when opening failed. */
  readonly onEnd: (reason: string) => void
  /** What silence is measured with; real time unless a test turns it. */
  readonly timer?: Timer | undefined
}

export type Socket = {
  send(text: string): void
  close(): void
}

/** A message of a venue is some kilobytes; this bounds what a broken one can make us hold. */
const messageBytesMax = 4_000_000

/** Throws a `VenueError` when it does not open. */
export function openSocket(options: SocketOptions): Promise<Socket> {
  const { url, openWithinMs } = options
  const socket = new WebSocket(url, {
    handshakeTimeout: openWithinMs,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
  })
  return new Promise((resolve, reject) => {
    socket.once('error', (cause) => {
      const host = new URL(url).host
      reject(new VenueError('unreachable', `no stream at ${host}: ${cause.message}`, { cause }))
    })
    socket.once('open', () => resolve(listen(socket, options)))
  })
}

function listen(socket: WebSocket, options: SocketOptions): Socket {
  const { silenceMaxMs, onText, onEnd, timer } = options
  let isEnded = false
  const watchdog = new Watchdog({ silenceMaxMs, timer, onSilence: (reason) => end(reason) })
  const end = (reason: string | null): void => {
    if (isEnded) return
    isEnded = true
    watchdog.stop()
    socket.terminate()
    if (reason !== null) onEnd(reason)
  }
  const heard = (): void => watchdog.heard()
  socket.on('ping', heard)
  socket.on('message', (data) => {
    heard()
    if (!isEnded) onText(textOf(data))
  })
  socket.on('error', (error) => end(error.message))
  socket.on('close', (code) => end(`closed by the venue with code ${String(code)}`))
  return {
    send: (text) => {
      if (!isEnded) socket.send(text)
    },
    close: () => end(null),
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return Buffer.from(data as ArrayBuffer).toString('utf8')
}
