// Events with their times in microseconds, for connections whose address asks for that (`timeUnit=MICROSECOND`).
// The same letter is a moment in one event and an id in another, so that each kind has its list. Source: the
// venue's documents of its market and user data streams.

/** Beside `E`, which is a moment wherever it is. */
const TIMES: Readonly<Record<string, readonly string[]>> = {
  trade: ['T'],
  aggTrade: ['T'],
  '24hrTicker': ['O', 'C'],
  '1hTicker': ['O', 'C'],
  '4hTicker': ['O', 'C'],
  '1dTicker': ['O', 'C'],
  avgPrice: ['T'],
  referencePrice: ['t'],
  executionReport: ['T', 'O', 'W', 'D'],
  listStatus: ['T'],
  outboundAccountPosition: ['u'],
  balanceUpdate: ['T'],
  externalLockUpdate: ['T'],
}

type Fields = Readonly<Record<string, unknown>>

/** An event, a list of them, or one in its wrapping. */
export function eventInMicroseconds(told: unknown): unknown {
  if (Array.isArray(told)) return told.map(eventInMicroseconds)
  if (typeof told !== 'object' || told === null) return told
  const fields = told as Fields
  const kind = fields['e']
  if (typeof kind === 'string') return finerEvent(fields, kind)
  const wrapped = ['data', 'event'].find((name) => name in fields)
  return wrapped === undefined
    ? told
    : { ...fields, [wrapped]: eventInMicroseconds(fields[wrapped]) }
}

function finerEvent(event: Fields, kind: string): Fields {
  const finer = withFiner(event, ['E', ...(TIMES[kind] ?? [])])
  if (kind !== 'kline') return finer
  return { ...finer, k: withFiner(event['k'] as Fields, ['t', 'T']) }
}

function withFiner(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      // -1 is no time.
      names.includes(name) && typeof value === 'number' && value >= 0 ? value * 1_000 : value,
    ]),
  )
}
