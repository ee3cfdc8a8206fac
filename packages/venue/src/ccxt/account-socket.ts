// One connection to the venue's WebSocket API, subscribed to the account's events, until it ends.
import { createHmac } from 'node:crypto'
import { z } from 'zod'

import type { VenueKeys } from '../refused-keys.ts'
import { accountEventFrom } from './account-events.ts'
import type { ConnectionEnd, ConnectionListener } from './account-stream.ts'
import { openSocket, type Socket } from './socket.ts'
import { isClockSkew, isUnauthorized, WireFailure } from './wire-failure.ts'

export type AccountSocketOptions = {
  /** Address of the WebSocket API. */
  readonly url: string
  readonly keys: VenueKeys
  readonly recvWindowMs: number
  /** The venue's time now, epoch milliseconds. */
  readonly venueTime: () => number
  readonly symbolOf: (wire: string) => Promise<string>
  /** Real milliseconds for connecting. */
  readonly openWithinMs: number
  readonly listener: ConnectionListener
}

/** Real milliseconds: the venue pings every twenty seconds, a line on which three did not come is dead. */
const SILENCE_MS_MAX = 60_000

const REQUEST_ID = 'subscribe'

const Incoming = z.looseObject({
  id: z.unknown().optional(),
  status: z.int().optional(),
  error: z.looseObject({ code: z.int(), msg: z.string() }).optional(),
  event: z.record(z.string(), z.unknown()).optional(),
})

/** Resolves when the connection is over, for whatever reason. Rejects when it cannot be opened. */
export async function listenOnSocket(options: AccountSocketOptions): Promise<ConnectionEnd> {
  const { url, openWithinMs } = options
  const { over } = options.listener
  const ending = Promise.withResolvers<ConnectionEnd>()
  const onEnd = (reason: string): void => ending.resolve({ kind: 'ended', reason })
  const onText = (text: string): void => {
    const end = receive(text, options)
    if (end !== null) ending.resolve(end)
  }
  const abort = (): void => onEnd('closed by us')
  over.addEventListener('abort', abort)
  let socket: Socket | null = null
  try {
    const times = { openWithinMs, silenceMaxMs: SILENCE_MS_MAX }
    socket = await openSocket({ url, ...times, onText, onEnd })
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
  const { recvWindowMs } = options
  const { apiKey, secret } = options.keys
  const timestamp = Math.trunc(options.venueTime())
  const payload = `apiKey=${apiKey}&recvWindow=${String(recvWindowMs)}&timestamp=${String(timestamp)}`
  const signature = createHmac('sha256', secret).update(payload).digest('hex')
  const params = { apiKey, recvWindow: recvWindowMs, timestamp, signature }
  const method = 'userDataStream.subscribe.signature'
  return JSON.stringify({ id: REQUEST_ID, method, params })
}

function receive(text: string, options: AccountSocketOptions): ConnectionEnd | null {
  const { listener, symbolOf } = options
  const message = read(text)
  if (message === null) {
    listener.onEvent(() => accountEventFrom({ e: 'unreadable' }, symbolOf))
    return null
  }
  if (message.id === REQUEST_ID) return subscribed(message, listener)
  const event = message.event ?? message
  const name = event['e']
  // Before the venue takes a connection away it says so: the next one is opened at once.
  if (name === 'serverShutdown' || name === 'eventStreamTerminated') {
    return { kind: 'ended', reason: name }
  }
  if (name !== undefined) listener.onEvent(() => accountEventFrom(event, symbolOf))
  return null
}

function subscribed(
  { status, error }: z.infer<typeof Incoming>,
  { onSubscribed }: ConnectionListener,
): ConnectionEnd | null {
  if (status !== 200) {
    const venueCode = String(error?.code ?? status ?? '')
    const reason = `${venueCode} ${error?.msg ?? ''}`.trim()
    return { kind: kindOf(venueCode, reason), reason }
  }
  onSubscribed()
  return null
}

function kindOf(venueCode: string, message: string): ConnectionEnd['kind'] {
  const failure = new WireFailure({ kind: 'http', message, status: 400, venueCode })
  if (isUnauthorized(failure)) return 'refused-key'
  return isClockSkew(failure) ? 'refused-time' : 'refused'
}

function read(text: string): z.infer<typeof Incoming> | null {
  try {
    return Incoming.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
