// Writes: check before sending, send once, and say which of three things happened. An answer that cannot be
// read, or speaks of another order, counts as no answer: the order may well rest at the venue.
import { z } from 'zod'

import type {
  BrokenRule,
  OrderOutcome,
  OrderReference,
  OrderRequest,
  ProtectionOutcome,
  ProtectionReference,
  ProtectionRequest,
  SymbolRules,
  VenueOrder,
  VenueProtection,
  WriteRejected,
  WriteUnknown,
} from '../port.ts'
import { brokenOrderRule, brokenProtectionRule } from '../validate.ts'
import type { Markets } from './markets.ts'
import { prepare, withVenueRule } from './refusals.ts'
import type { VenueLogger } from './venue-logger.ts'
import type { VenueTime } from './venue-time.ts'
import { orderFrom, protectionFrom } from './wire-answers.ts'
import { writeFailure, WireFailure } from './wire-failure.ts'
import { wireSymbol } from './wire-forms.ts'
import { bracketParameters, orderParameters, protectionParameters } from './wire-requests.ts'
import { order, orderList, type WireOrderList } from './wire-schemas.ts'
import type { Call, Wire } from './wire.ts'

export type OrderDeskOptions = {
  readonly wire: Wire
  readonly time: VenueTime
  readonly markets: Markets
  readonly clientIdPattern: RegExp
  readonly logger: VenueLogger | undefined
}

type NotAccepted = WriteRejected | WriteUnknown

export class OrderDesk {
  readonly #options: OrderDeskOptions

  constructor(options: OrderDeskOptions) {
    this.#options = options
  }

  async placeOrder(request: OrderRequest): Promise<OrderOutcome> {
    const ids = [request.clientOrderId]
    const rules = await this.#prepare(request.symbol, ids, (known) =>
      brokenOrderRule(request, known),
    )
    if ('kind' in rules) return rules
    const outcome = await this.#send(
      { endpoint: 'privatePostOrder', parameters: orderParameters(request), schema: order },
      (wire) => orderFrom(wire, request.symbol),
    )
    if ('kind' in outcome) return this.#explained(outcome, request, rules)
    return isOrder(outcome, request.clientOrderId)
      ? { kind: 'accepted', order: outcome }
      : otherOrder(request.clientOrderId)
  }

  async placeProtection(request: ProtectionRequest): Promise<ProtectionOutcome> {
    const { stop, takeProfit, clientProtectionId, entry } = request
    const own = [clientProtectionId, stop.clientOrderId, takeProfit.clientOrderId]
    const ids = entry === undefined ? own : [...own, entry.clientOrderId]
    const rules = await this.#prepare(request.symbol, ids, (known) =>
      brokenProtectionRule(request, known),
    )
    if ('kind' in rules) return rules
    const outcome = await this.#send(protectionCall(request), (list) =>
      reportedProtection(list, request.symbol),
    )
    if ('kind' in outcome) return this.#explained(outcome, request, rules)
    return outcome.clientProtectionId === clientProtectionId
      ? { kind: 'accepted', protection: outcome }
      : otherOrder(clientProtectionId)
  }

  /** Cancelling one leg of a protection ends both; the venue then answers with the whole list. */
  async cancelOrder(reference: OrderReference): Promise<OrderOutcome> {
    const { symbol, clientOrderId } = reference
    const notReady = await this.#prepare(symbol, [clientOrderId], () => null)
    if ('kind' in notReady) return notReady
    const parameters = { symbol: wireSymbol(symbol), origClientOrderId: clientOrderId }
    const outcome = await this.#send(
      { endpoint: 'privateDeleteOrder', parameters, schema: cancelAnswer },
      (answer) => cancelledOrder(answer, reference),
    )
    if ('kind' in outcome) return outcome
    return isOrder(outcome, clientOrderId)
      ? { kind: 'accepted', order: outcome }
      : otherOrder(clientOrderId)
  }

  async cancelProtection(reference: ProtectionReference): Promise<ProtectionOutcome> {
    const { symbol, clientProtectionId } = reference
    const notReady = await this.#prepare(symbol, [clientProtectionId], () => null)
    if ('kind' in notReady) return notReady
    const parameters = { symbol: wireSymbol(symbol), listClientOrderId: clientProtectionId }
    const outcome = await this.#send(
      { endpoint: 'privateDeleteOrderList', parameters, schema: orderList },
      (list) => reportedProtection(list, symbol),
    )
    if ('kind' in outcome) return outcome
    return { kind: 'accepted', protection: outcome }
  }

  #prepare(
    symbol: string,
    ids: readonly string[],
    check: (rules: SymbolRules) => BrokenRule | null,
  ): Promise<SymbolRules | WriteRejected> {
    const { clientIdPattern: idPattern, markets, time } = this.#options
    return prepare({ ids, idPattern, rulesOf: () => markets.rulesOf(symbol), check, time })
  }

  async #send<Schema extends z.ZodType, Accepted>(
    call: Call<Schema>,
    read: (answer: z.infer<Schema>) => Accepted,
  ): Promise<Accepted | NotAccepted> {
    try {
      const answer = await this.#options.wire.write(call)
      return read(answer)
    } catch (error) {
      const outcome = outcomeOf(error)
      const { endpoint } = call
      if (outcome.kind === 'unknown') {
        this.#options.logger?.warn(
          { endpoint, reason: outcome.reason },
          'outcome of a write is unknown',
        )
      }
      return outcome
    }
  }

  #explained(
    outcome: NotAccepted,
    request: OrderRequest | ProtectionRequest,
    rules: SymbolRules,
  ): NotAccepted {
    if (outcome.kind === 'unknown') return outcome
    if (outcome.code === 'rule_broken' || outcome.code === 'unknown_symbol') {
      this.#options.markets.forget(request.symbol)
    }
    if (outcome.code === 'unknown_symbol') {
      const forms = `${request.symbol} (in its form ${wireSymbol(request.symbol)})`
      return { ...outcome, reason: `the venue does not know ${forms}: ${outcome.reason}` }
    }
    return withVenueRule(outcome, request, rules)
  }
}

function protectionCall(request: ProtectionRequest): Call<typeof orderList> {
  const { entry } = request
  return entry === undefined
    ? {
        endpoint: 'privatePostOrderListOco',
        parameters: protectionParameters(request),
        schema: orderList,
      }
    : {
        endpoint: 'privatePostOrderListOpoco',
        parameters: bracketParameters(request, entry),
        schema: orderList,
      }
}

export function outcomeOf(error: unknown): WriteRejected | WriteUnknown {
  if (error instanceof WireFailure) return writeFailure(error)
  const reason = error instanceof Error ? error.message : 'the answer could not be read'
  return { kind: 'unknown', reason }
}

function reportedProtection(list: WireOrderList, symbol: string): VenueProtection {
  const reports = (list.orderReports ?? []).map((report) => orderFrom(report, symbol))
  return protectionFrom(list, reports, symbol)
}

const cancelAnswer = z.union([
  orderList.transform((list) => ({ list, order: null })),
  order.transform((one) => ({ list: null, order: one })),
])

function cancelledOrder(
  answer: z.infer<typeof cancelAnswer>,
  reference: OrderReference,
): VenueOrder {
  if (answer.list === null) return orderFrom(answer.order, reference.symbol)
  const { stop, takeProfit } = reportedProtection(answer.list, reference.symbol)
  return stop.clientOrderId === reference.clientOrderId ? stop : takeProfit
}

function isOrder(found: VenueOrder, clientOrderId: string): boolean {
  return found.clientOrderId === clientOrderId
}

function otherOrder(clientId: string): WriteUnknown {
  return { kind: 'unknown', reason: `the answer is not about ${clientId}` }
}
