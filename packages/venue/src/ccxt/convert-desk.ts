// Binance's convert desk: a price is asked for, accepted by its id, and asked about by the same id. The venue's
// own endpoints are called rather than ccxt's unified methods: those ask about a trade by the id in the answer
// to its acceptance only, and that answer is what may be lost.
// Source: Binance's documents of the convert desk, "Send Quote Request", "Accept Quote", "Order Status".
import type { z } from 'zod'
import type {
  ConvertOutcome,
  ConvertQuote,
  ConvertRequest,
  QuoteOutcome,
  VenueConversion,
  VenueConvert,
} from '../convert.ts'
import { VenueError } from '../errors.ts'
import type { WriteRejected } from '../port.ts'
import { outcomeOf } from './order-desk.ts'
import { notSent } from './refusals.ts'
import type { VenueLogger } from './venue-logger.ts'
import type { VenueTime } from './venue-time.ts'
import { WireFailure, writeFailure } from './wire-failure.ts'
import { convertAccepted, convertOrder, convertQuote } from './wire-schemas.ts'
import type { Wire } from './wire.ts'

export type ConvertDeskOptions = {
  readonly wire: Wire
  readonly time: VenueTime
  readonly logger: VenueLogger | undefined
}

export class ConvertDesk implements VenueConvert {
  readonly #options: ConvertDeskOptions

  constructor(options: ConvertDeskOptions) {
    this.#options = options
  }

  async quote(request: ConvertRequest): Promise<QuoteOutcome> {
    const { from, to } = request
    const size =
      'amount' in request
        ? { fromAmount: request.amount.toString() }
        : { toAmount: request.receive.toString() }
    const parameters = { fromAsset: from, toAsset: to, ...size }
    try {
      const told = await this.#options.wire.readSigned({
        endpoint: 'sapiPostConvertGetQuote',
        parameters,
        schema: convertQuote,
      })
      const { quoteId, fromAmount, toAmount, validTimestamp: validUntil } = told
      if (quoteId == null) return { kind: 'refused', reason: `not enough ${from} for a quote` }
      return { kind: 'quoted', quote: { quoteId, from, to, fromAmount, toAmount, validUntil } }
    } catch (error) {
      const refusal = refusalIn(error)
      if (refusal === null) throw error
      return { kind: 'refused', reason: refusal.reason }
    }
  }

  async accept(quote: ConvertQuote): Promise<ConvertOutcome> {
    const { quoteId } = quote
    const { wire, time, logger } = this.#options
    try {
      await time.ensure()
    } catch (error) {
      if (!(error instanceof VenueError)) throw error
      return notSent(error)
    }
    try {
      const endpoint = 'sapiPostConvertAcceptQuote'
      const told = await wire.write({ endpoint, parameters: { quoteId }, schema: convertAccepted })
      const { fromAmount, toAmount, from, to } = quote
      const amounts = { fromAmount, toAmount, from, to }
      return { kind: 'accepted', conversion: { quoteId, ...amounts, ...stateOf(told) } }
    } catch (error) {
      const outcome = outcomeOf(error)
      if (outcome.kind === 'unknown') {
        logger?.warn({ quoteId, reason: outcome.reason }, 'outcome of a conversion is unknown')
      }
      return outcome
    }
  }

  async query({ quoteId }: ConvertQuote): Promise<VenueConversion | null> {
    try {
      const told = await this.#options.wire.readSigned({
        endpoint: 'sapiGetConvertOrderStatus',
        parameters: { quoteId },
        schema: convertOrder,
      })
      const { fromAsset: from, toAsset: to, fromAmount, toAmount } = told
      return { quoteId, from, to, fromAmount, toAmount, ...stateOf(told) }
    } catch (error) {
      // Under which code the venue knows no trade is not documented: any refusal of its own says so.
      if (refusalIn(error) !== null) return null
      throw error
    }
  }
}

/** The venue looked at the request and said no, in a code of its own. */
function refusalIn(error: unknown): WriteRejected | null {
  if (!(error instanceof VenueError && error.cause instanceof WireFailure)) return null
  const outcome = writeFailure(error.cause)
  const isOwn = outcome.kind === 'rejected' && venueWords.has(outcome.code)
  return isOwn ? outcome : null
}

const venueWords: ReadonlySet<string> = new Set([
  'rejected_by_venue',
  'order_not_found',
  'insufficient_balance',
  'market_closed',
  'rule_broken',
])

/** A word that is not known says nothing final: the trade is asked about again. */
function stateOf(told: z.infer<typeof convertAccepted>) {
  return { status: statuses[told.orderStatus] ?? 'pending', at: told.createTime } as const
}

const statuses: Readonly<Record<string, VenueConversion['status']>> = {
  PROCESS: 'pending',
  ACCEPT_SUCCESS: 'pending',
  SUCCESS: 'done',
  FAIL: 'failed',
}
