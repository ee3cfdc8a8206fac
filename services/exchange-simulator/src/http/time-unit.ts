/** What a client may ask its times to be told in, by the header X-MBX-TIME-UNIT. */
export type TimeUnit = 'MILLISECOND' | 'MICROSECOND'

/** Every field that holds a moment, in all answers; `T` is the moment of an aggregate trade. */
const TIMES = new Set([
  'serverTime',
  'time',
  'updateTime',
  'transactTime',
  'workingTime',
  'trailingTime',
  'transactionTime',
  'openTime',
  'closeTime',
  'timestamp',
  'T',
])

/** Where a candle, which is a list, has its moments. */
const CANDLE_TIMES = new Set([0, 6])
const CANDLE_LENGTH = 12

/** The same answer with its times a thousand times finer; -1 is no time. */
export function inMicroseconds(body: unknown): unknown {
  if (Array.isArray(body)) {
    const isCandle = body.length === CANDLE_LENGTH && typeof body[0] === 'number'
    return body.map((part: unknown, index) =>
      isCandle && CANDLE_TIMES.has(index) ? finer(part) : inMicroseconds(part),
    )
  }
  if (typeof body !== 'object' || body === null) return body
  return Object.fromEntries(
    Object.entries(body).map(([name, part]) => [
      name,
      TIMES.has(name) ? finer(part) : inMicroseconds(part),
    ]),
  )
}

function finer(value: unknown): unknown {
  return typeof value === 'number' && value >= 0 ? value * 1_000 : value
}
