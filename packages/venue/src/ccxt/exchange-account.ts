// One connection to the account's stream of Coinbase, MEXC or Alpaca, by the venue's ccxt.pro class: that signs,
// connects, subscribes, answers pings and reads the frames. An instance serves one connection: ccxt would open the
// next one by itself and say nothing of what was missed.
import { after, pause } from '../clock.ts'
import type { VenueOrder } from '../port.ts'
import type { ConnectionEnd, ConnectionListener } from './account-stream.ts'
import { property, textOf } from './ccxt-hooks.ts'
import { frameReader, type Frame } from './exchange-account-frames.ts'
import { isRefusedKey, isSkewed } from './exchange-failure.ts'
import type { SpotKind } from './exchange-requests.ts'
import type { CcxtExchange } from './load-binance.ts'
import { WireFailure } from './wire-failure.ts'
import { withoutQueries } from './wire-text.ts'

export type AccountConnection = {
  readonly kind: SpotKind
  /** Closed when the connection is over. */
  readonly exchange: CcxtExchange
  /** A call of this instance, by ccxt's name. @throws WireFailure */
  readonly call: (method: string, given?: Readonly<Record<string, string>>) => Promise<unknown>
  /** Real milliseconds until the subscription must be confirmed. */
  readonly openWithinMs: number
  readonly listener: ConnectionListener
  /** @throws when it lacks what an order needs */
  readonly toOrder: (told: unknown) => VenueOrder
}

/** MEXC's listen keys live for an hour from their last renewal; its documents recommend half of that. */
const RENEW_MS = 1_500_000
const CLOSE_WITHIN_MS = 1_000

/** Resolves when the connection is over, for whatever reason. */
export async function listenWithCcxt(connection: AccountConnection): Promise<ConnectionEnd> {
  const { exchange, listener, openWithinMs } = connection
  const ending = Promise.withResolvers<ConnectionEnd>()
  const end = (reason: string): void => ending.resolve({ kind: 'ended', reason })
  const abort = (): void => end('closed by us')
  listener.over.addEventListener('abort', abort)
  if (listener.over.aborted) abort()
  const tooLate = after(openWithinMs, () => end('the subscription was not confirmed in time'))
  const onSubscribed = (): void => {
    tooLate()
    listener.onSubscribed()
  }
  hookConnection(connection, { onSubscribed, end: ending.resolve })
  let release = async (): Promise<void> => {}
  try {
    release = await subscribe(connection, ending.resolve)
    void follow(connection, ending.resolve)
    return await ending.promise
  } catch (error) {
    return endOf(error)
  } finally {
    tooLate()
    listener.over.removeEventListener('abort', abort)
    await Promise.all([release(), closeSockets(exchange)])
  }
}

type Told = {
  readonly onSubscribed: () => void
  readonly end: (end: ConnectionEnd) => void
}

/** ccxt tells of a broken line only who waits at that moment; these are told always. */
function hookConnection(
  { kind, exchange, listener }: AccountConnection,
  { onSubscribed, end }: Told,
): void {
  const { handleMessage, onError, onClose } = exchange
  const read = frameReader(kind)
  let isSubscribed = false
  const take = (frame: Frame): void => {
    if (frame.kind === 'subscribed' && !isSubscribed) {
      isSubscribed = true
      onSubscribed()
    }
    if (frame.kind === 'refused') end({ kind: frame.as, reason: frame.reason })
    if (frame.kind === 'gap') listener.onEvent(() => ({ kind: 'gap', reason: frame.reason }))
  }
  exchange.handleMessage = (client, message) => {
    for (const frame of read(message)) take(frame)
    try {
      return Reflect.apply(handleMessage, exchange, [client, message]) as unknown
    } catch (error) {
      take({ kind: 'gap', reason: `not readable: ${wordsOf(error)}` })
      throw error
    }
  }
  exchange.onError = (client, error) => {
    end({ kind: 'ended', reason: wordsOf(error) })
    Reflect.apply(onError, exchange, [client, error])
  }
  exchange.onClose = (client, event) => {
    end({
      kind: 'ended',
      reason: `closed by the venue with code ${textOf(property(event, 'code'))}`,
    })
    Reflect.apply(onClose, exchange, [client, event])
  }
}

/** What has to be done before orders are listened for; gives what has to be done at the end. */
async function subscribe(
  { kind, exchange, call }: AccountConnection,
  end: (end: ConnectionEnd) => void,
): Promise<() => Promise<void>> {
  if (kind === 'coinbase') {
    // Without these it closes a channel on which nothing has happened for a minute.
    const beats = Reflect.get(exchange, 'subscribe') as (
      name: string,
      isPrivate: boolean,
    ) => unknown
    void Promise.resolve(Reflect.apply(beats, exchange, ['heartbeats', false])).catch(() => null)
  }
  if (kind !== 'mexc') return async () => {}
  // Asked for here: where that fails ccxt would leave a rejection behind that nobody handles.
  const listenKey = textOf(property(await call('spotPrivatePostUserDataStream'), 'listenKey'))
  exchange.options['listenKey'] = listenKey
  let isOver = false
  let cancel = after(RENEW_MS, renew)
  function renew(): void {
    call('spotPrivatePutUserDataStream', { listenKey }).then(
      () => {
        if (!isOver) cancel = after(RENEW_MS, renew)
      },
      (error: unknown) => end(endOf(error)),
    )
  }
  return async () => {
    isOver = true
    cancel()
    const closing = call('spotPrivateDeleteUserDataStream', { listenKey }).catch(() => null)
    await Promise.race([closing, pause(CLOSE_WITHIN_MS, new AbortController().signal)])
  }
}

/** Each answer is what changed since the one before; of one order the last state only. */
async function follow(
  { exchange, listener, toOrder }: AccountConnection,
  end: (end: ConnectionEnd) => void,
): Promise<void> {
  try {
    while (!listener.over.aborted) {
      const told = await exchange.watchOrders()
      for (const one of told) {
        // As it is now: ccxt changes it with the next frame about the same order.
        const copy = structuredClone(one)
        listener.onEvent(() => ({ kind: 'order', order: toOrder(copy) }))
      }
    }
  } catch (error) {
    end(endOf(error))
  }
}

function endOf(error: unknown): ConnectionEnd {
  const reason = wordsOf(error)
  if (!(error instanceof WireFailure)) return { kind: 'ended', reason }
  if (isRefusedKey(error)) return { kind: 'refused-key', reason }
  return { kind: isSkewed(error) ? 'refused-time' : 'refused', reason }
}

function wordsOf(error: unknown): string {
  return withoutQueries(error instanceof Error ? error.message : 'not connected')
}

/** A good-bye that the venue does not answer would be waited for half a minute. */
async function closeSockets(exchange: CcxtExchange): Promise<void> {
  const clients = Object.values(exchange.clients ?? {})
  const closing = exchange.close().catch(() => undefined)
  for (const { connection } of clients) connection?.terminate()
  await Promise.race([closing, pause(CLOSE_WITHIN_MS, new AbortController().signal)])
}
