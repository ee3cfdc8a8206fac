// One connection to the venue's WebSocket API, subscribed to the account's events, until it ends.
import { createHmac } from 'node:crypto'
import { z } from 'zod'

import { openSocket, type Socket } from './socket.ts'

export type AccountSocketOptions = {
  readonly url: string
  readonly apiKey: string
  readonly secret: string
  readonly recvWindowMs: number
  /** The venue's time now, epoch milliseconds. */
  readonly venueTime: () => number
  readonly over: AbortSignal
  /** Real milliseconds for connecting, and without any sign of life. */
  readonly openWithinMs: number
  readonly silenceMaxMs: number
  readonly onSubscribed: () => void
  readonly onEvent: (event: Readonly<Record<string, unknown>>) => void
}

export type SocketEnd =
  | { readonly kind: 'ended'; readonly reason: string }
  /** The venue took the connection and refused the subscription. */
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string }

const REQUEST_ID = 'subscribe'

const Incoming = z.looseObject({
  id: z.unknown().optional(),
  status: z.int().optional(),
  error: z.looseObject({ code: z.int(), msg: z.string() }).optional(),
  event: z.record(z.string(), z.unknown()).optional(),
})

/** Resolves when the connection is over, for whatever reason. Rejects when it cannot be opened. */
export async function listenOnSocket(options: AccountSocketOptions): Promise<SocketEnd> {
  const { url, over, openWithinMs, silenceMaxMs } = options
  const ending = Promise.withResolvers<SocketEnd>()
  const onEnd = (reason: string): void => ending.resolve({ kind: 'ended', reason })
  const onText = (text: string): void => {
    const end = receive(text, options)
    if (end !== null) ending.resolve(end)
  }
  const abort = (): void => onEnd('closed by us')
  over.addEventListener('abort', abort)
  let socket: Socket | null = null
  try {
    socket = await openSocket({ url, openWithinMs, silenceMaxMs, onText, onEnd })
    if (over.aborted) return { kind: 'ended', reason: 'closed by us' }
    socket.send(subscription(options))
    return await ending.promise
  } finally {
    over.removeEventListener('abort', abort)
    socket?.close()
  }
}

/** The parameters are signed in the order of the alphabet, as they are. */
function subscription(options: AccountSocketOptions): string {
  const { apiKey, secret, recvWindowMs } = options
  const timestamp = Math.trunc(options.venueTime())
  const payload = `apiKey=${apiKey}&recvWindow=${String(recvWindowMs)}&timestamp=${String(timestamp)}`
  const signature = createHmac('sha256', secret).update(payload).digest('hex')
  const params = { apiKey, recvWindow: recvWindowMs, timestamp, signature }
  const method = 'userDataStream.subscribe.signature'
  return JSON.stringify({ id: REQUEST_ID, method, params })
}

function receive(text: string, options: AccountSocketOptions): SocketEnd | null {
  const message = read(text)
  if (message === null) {
    options.onEvent({ e: 'unreadable' })
    return null
  }
  if (message.id === REQUEST_ID) return subscribed(message, options)
  const event = message.event ?? message
  const name = event['e']
  // Before the venue takes a connection away it says so: the next one is opened at once.
  if (name === 'serverShutdown' || name === 'eventStreamTerminated') {
    return { kind: 'ended', reason: name }
  }
  if (name !== undefined) options.onEvent(event)
  return null
}

function subscribed(
  { status, error }: z.infer<typeof Incoming>,
  { onSubscribed }: AccountSocketOptions,
): SocketEnd | null {
  if (status !== 200) {
    const code = String(error?.code ?? status ?? '')
    return { kind: 'refused', code, reason: `${code} ${error?.msg ?? ''}`.trim() }
  }
  onSubscribed()
  return null
}

function read(text: string): z.infer<typeof Incoming> | null {
  try {
    return Incoming.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
