// What comes in from outside, checked field by field. A request that does not fit is answered with all
// that is wrong with it: the field, what stood there, what is allowed and how to mend it.
import { epochMs } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import { isStorable, problemsOf, unstorable } from './problems.ts'
import type { Problem } from './problems.ts'
import { canonicalSymbol } from './symbols.ts'

/** A wish to trade from a person or another program, understood but not yet priced. */
export type Request = {
  readonly strategy: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** 0 to 100; null leaves it to the configuration. */
  readonly confidence: number | null
  readonly reason: string
  /** What the sender saw; used only when the fleet itself knows no fresh price. */
  readonly price: string | null
  readonly stopLossPrice: string | null
  readonly takeProfitPrice: string | null
  /** When the sender says that it happened, epoch milliseconds, real time. */
  readonly sentAt: number | null
  /** The sender's own name of the request, by which a repetition is recognised. */
  readonly id: string | null
}

export type Requested =
  | { readonly kind: 'understood'; readonly request: Request }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** A plain decimal above 0, as text or as a JSON number: charts send numbers. */
const price = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((text) => Decimal.isDecimal(text) && Decimal.from(text).isPositive(), {
    error: 'must be a plain decimal above 0, as "50000.25"',
  })

const confidence = z.coerce
  .number<string | number>({ error: 'must be a number from 0 to 100' })
  .min(0, 'must be a number from 0 to 100')
  .max(100, 'must be a number from 0 to 100')

const words: Readonly<Record<string, 'buy' | 'sell'>> = {
  buy: 'buy',
  long: 'buy',
  sell: 'sell',
  close: 'sell',
  exit: 'sell',
  flat: 'sell',
}

const action = z
  .string({ error: `must be one of ${Object.keys(words).join(', ')}` })
  .transform((word, context) => {
    const side = words[word.trim().toLowerCase()]
    if (side !== undefined) return side
    const message = `must be one of ${Object.keys(words).join(', ')}; the fleet never goes short`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

const name = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case letters, digits and hyphens')
  .max(48, 'must have 48 characters at most')

const id = z.string().min(1, 'must not be empty').max(200, 'must have 200 characters at most')

const shape = {
  symbol: z.string({ error: 'must be a symbol, as "BTC/USDT"' }).min(1, 'must not be empty'),
  action,
  confidence: confidence.optional(),
  reason: z
    .string()
    .min(1, 'must not be empty')
    .max(400, 'must have 400 characters at most')
    .refine(isStorable, unstorable)
    .optional(),
  price: price.optional(),
  stopLossPrice: price.optional(),
  takeProfitPrice: price.optional(),
  id: id.optional(),
}

const Execute = z.strictObject(shape)

const { symbol: _symbol, ...rest } = shape
const Alert = z
  .strictObject({
    ...rest,
    /** Is checked before and never looked at again. */
    token: z.string().optional(),
    symbol: z.string().min(1, 'must not be empty').optional(),
    /** What TradingView puts in for {{ticker}}. */
    ticker: z.string().min(1, 'must not be empty').optional(),
    strategy: name.optional(),
    /** {{timenow}}: when the alert fired. */
    time: z.iso.datetime({ offset: true, error: 'must be a time, as "{{timenow}}"' }).optional(),
  })
  .refine(({ symbol, ticker }) => (symbol === undefined) !== (ticker === undefined), {
    path: ['ticker'],
    error: 'either ticker or symbol must be there, as "ticker": "{{ticker}}"',
  })

/** The body of `POST /api/v1/trading/execute`. */
export function executeRequest(body: unknown, symbols: readonly string[]): Requested {
  const result = Execute.safeParse(body)
  if (!result.success) return refused(result.error, body)
  const { symbol, ...order } = result.data
  return requestOf(order, {
    symbols,
    wanted: { field: 'symbol', text: symbol },
    strategy: 'manual',
    reason: 'asked for by hand',
    sentAt: null,
  })
}

/** The text of a charting service's alert, as JSON. */
export function alertRequest(body: unknown, symbols: readonly string[]): Requested {
  const result = Alert.safeParse(body)
  if (!result.success) return refused(result.error, body)
  const { symbol, ticker, strategy, time, token: _token, ...order } = result.data
  return requestOf(order, {
    symbols,
    wanted: { field: symbol === undefined ? 'ticker' : 'symbol', text: symbol ?? ticker ?? '' },
    // Never the name of a strategy that runs here: budgets and records must not be mixed up.
    strategy: strategy === undefined ? 'webhook' : `webhook-${strategy}`,
    reason: 'alert of a charting service',
    sentAt: time === undefined ? null : epochMs(time),
  })
}

type Order = Omit<z.infer<typeof Execute>, 'symbol'>

function requestOf(
  order: Order,
  source: {
    readonly symbols: readonly string[]
    readonly wanted: { readonly field: string; readonly text: string }
    readonly strategy: string
    readonly reason: string
    readonly sentAt: number | null
  },
): Requested {
  const { symbols, wanted, strategy, sentAt } = source
  const symbol = canonicalSymbol(wanted.text, symbols)
  if (symbol === null) {
    const message =
      `is not traded by this fleet, which trades ${symbols.join(', ')}; ` +
      'write it as BTC/USDT, BTCUSDT or BINANCE:BTCUSDT, or add it to symbols in flotilla.yaml'
    return { kind: 'refused', problems: [{ field: wanted.field, value: wanted.text, message }] }
  }
  const { action: side, confidence: sure, reason, price: seen, id: key } = order
  const { stopLossPrice, takeProfitPrice } = order
  const request: Request = {
    strategy,
    symbol,
    side,
    confidence: sure ?? null,
    reason: reason ?? source.reason,
    price: seen ?? null,
    // An exit sells what is held: it has nothing to protect.
    stopLossPrice: side === 'buy' ? (stopLossPrice ?? null) : null,
    takeProfitPrice: side === 'buy' ? (takeProfitPrice ?? null) : null,
    sentAt,
    id: key ?? null,
  }
  return { kind: 'understood', request }
}

function refused(error: z.ZodError, body: unknown): Requested {
  const example = '{"symbol":"BTC/USDT","action":"buy"}'
  return { kind: 'refused', problems: problemsOf(error, body, example) }
}
