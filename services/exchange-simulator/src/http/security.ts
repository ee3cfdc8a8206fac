import { createHmac, timingSafeEqual } from 'node:crypto'
import { isRefusal, refusals, refuse, type Parameters, type Refusal } from '../core/index.ts'
import type { SimulatorConfig } from '../config.ts'
import type { Keys } from '../door.ts'
import type { WireRequest } from './wire.ts'

/** Checks of a signed request, in this order: key, what is missing, time, signature. */
export type SecurityContext = {
  readonly config: SimulatorConfig
  readonly keys: Keys
  readonly marketNow: number
  readonly realNow: number
}

const RECEIVE_WINDOW = 5_000
const RECEIVE_WINDOW_MAX = 60_000
/** How far a client's clock may run ahead. */
const AHEAD_MAX = 1_000
/** Anything larger than this can only be microseconds. */
const MICROSECONDS_FROM = 1e15

export function checkKey(request: WireRequest, keys: Keys): Refusal | null {
  const { apiKey } = request
  if (apiKey === null || !/^[A-Za-z0-9]+$/.test(apiKey)) {
    return refuse(-2014, 'API-key format invalid.', 401)
  }
  if (apiKey !== keys.apiKey) {
    return refuse(-2015, 'Invalid API-key, IP, or permissions for action.', 401)
  }
  return null
}

export function checkSignature(
  request: WireRequest,
  parameters: Parameters,
  context: SecurityContext,
): Refusal | null {
  for (const name of ['timestamp', 'signature']) {
    if ((parameters.get(name) ?? '') === '') return refusals.mandatory(name)
  }
  return (
    checkTime(parameters, context) ??
    (isSigned(request, parameters.get('signature') ?? '', context.keys.apiSecret)
      ? null
      : refuse(-1022, 'Signature for this request is not valid.'))
  )
}

type Stamp = { readonly timestamp: number; readonly window: number }

function checkTime(parameters: Parameters, context: SecurityContext): Refusal | null {
  const stamp = readStamp(parameters)
  if (isRefusal(stamp)) return stamp
  const { timestamp, window } = stamp
  const lag = context.marketNow - timestamp
  // When market time runs faster than real time, a real millisecond on the way is many of its own.
  const speed = Math.max(1, context.config.speed)
  if (lag <= window * speed && lag > -AHEAD_MAX * speed) return null
  if (keepsRealTime(context, stamp)) return null
  return refuse(
    -1021,
    lag > 0
      ? 'Timestamp for this request is outside of the recvWindow.'
      : "Timestamp for this request was 1000ms ahead of the server's time.",
  )
}

function readStamp(parameters: Parameters): Stamp | Refusal {
  const text = parameters.get('timestamp') ?? ''
  if (!/^\d{1,17}$/.test(text)) return refusals.mandatory('timestamp')
  const window = Number(parameters.get('recvWindow') ?? RECEIVE_WINDOW)
  if (Number.isNaN(window)) return refusals.mandatory('recvWindow')
  if (window > RECEIVE_WINDOW_MAX) return refuse(-1131, 'recvWindow must be less than 60000')
  const sent = Number(text)
  return { timestamp: sent >= MICROSECONDS_FROM ? sent / 1_000 : sent, window }
}

/** A client that knows nothing of an accelerated market stamps its requests with real time. */
function keepsRealTime({ config, realNow }: SecurityContext, stamp: Stamp): boolean {
  if (config.speed === 1 && config.clock === 'running') return false
  return realNow - stamp.timestamp <= stamp.window && stamp.timestamp < realNow + AHEAD_MAX
}

/** Over query and body as they came, one after the other, without the signature itself. */
function isSigned(request: WireRequest, signature: string, secret: string): boolean {
  const payload = withoutSignature(request.query) + withoutSignature(request.body)
  const expected = createHmac('sha256', secret).update(payload).digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function withoutSignature(text: string): string {
  if (!text.includes('signature=')) return text
  return text
    .split('&')
    .filter((part) => !part.startsWith('signature='))
    .join('&')
}
