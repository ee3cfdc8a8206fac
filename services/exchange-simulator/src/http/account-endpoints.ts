import {
  formatUnits,
  refusals,
  type Market,
  type ParameterReader,
  type Refusal,
  type Trade,
} from '../core/index.ts'
import type { Desk } from '../desk.ts'
import { exchangeFilters, symbolFilters } from './exchange-info.ts'
import { commissionDiscount, commissionRates, noCommission } from './commission.ts'
import { limitOf, reply, withFeed, type Endpoint, type Reply } from './endpoint.ts'
import { preventedReport, tradeReport } from './reports.ts'

const DAY_MS = 86_400_000

/** What the account owns, what it has traded and what that costs. */
export const accountEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/api/v3/account',
    weight: 20,
    security: 'signed',
    parameters: ['omitZeroBalances'],
    handle: ({ desk, parameters }) =>
      reply(account(desk, parameters.get('omitZeroBalances') === 'true')),
  },
  {
    method: 'GET',
    path: '/api/v3/account/commission',
    weight: 20,
    security: 'signed',
    parameters: ['symbol'],
    handle: (call) =>
      withFeed(call, ({ market }) =>
        reply({
          symbol: market.rules.symbol,
          standardCommission: commissionRates(call.desk.engine),
          specialCommission: noCommission,
          taxCommission: noCommission,
          discount: commissionDiscount(call.desk.engine),
        }),
      ),
  },
  {
    method: 'GET',
    path: '/api/v3/myTrades',
    weight: (parameters) => (parameters.has('orderId') ? 5 : 20),
    security: 'signed',
    parameters: ['symbol', 'orderId', 'startTime', 'endTime', 'fromId', 'limit'],
    handle: (call) => withFeed(call, ({ market }, reader) => myTrades(market, reader)),
  },
  {
    // Allocations come from the smart order routing, which no symbol here takes part in.
    method: 'GET',
    path: '/api/v3/myAllocations',
    weight: 20,
    security: 'signed',
    parameters: ['symbol', 'startTime', 'endTime', 'fromAllocationId', 'limit', 'orderId'],
    handle: (call) => withFeed(call, () => reply([])),
  },
  {
    method: 'GET',
    path: '/api/v3/myFilters',
    weight: 40,
    security: 'signed',
    parameters: ['symbol'],
    handle: (call) =>
      withFeed(call, ({ market }) =>
        reply({
          exchangeFilters: exchangeFilters(call.desk.engine),
          symbolFilters: symbolFilters(market.rules),
          assetFilters: [],
        }),
      ),
  },
  {
    method: 'GET',
    path: '/api/v3/myPreventedMatches',
    // The venue charges more for a search by order than for one by the match's own id.
    weight: (parameters) => (parameters.has('orderId') ? 20 : 2),
    security: 'signed',
    parameters: ['symbol', 'preventedMatchId', 'orderId', 'fromPreventedMatchId', 'limit'],
    handle: (call) => withFeed(call, ({ market }, reader) => preventedMatches(market, reader)),
  },
]

/** Ten thousandths: the old way of the exchange to state a rate. */
function inBasisPoints(rate: bigint): number {
  return Number(rate / 10_000n)
}

function account(desk: Desk, omitZero: boolean): unknown {
  const { engine } = desk
  const balances = [...engine.holdings]
    .filter(([, holding]) => !omitZero || holding.free + holding.locked > 0n)
    .map(([asset, { free, locked }]) => ({
      asset,
      free: formatUnits(free),
      locked: formatUnits(locked),
    }))
  return {
    makerCommission: inBasisPoints(engine.makerFee),
    takerCommission: inBasisPoints(engine.takerFee),
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: commissionRates(engine),
    canTrade: true,
    canWithdraw: false,
    canDeposit: false,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: desk.now(),
    accountType: 'SPOT',
    balances,
    permissions: ['SPOT'],
    uid: 1,
  }
}

type TradeFilter = {
  readonly orderId: number | null
  readonly fromId: number | null
  readonly startTime: number | null
  readonly endTime: number | null
}

function myTrades(market: Market, reader: ParameterReader): Reply | Refusal {
  const filter: TradeFilter = {
    orderId: reader.integer('orderId'),
    fromId: reader.integer('fromId'),
    startTime: reader.moment('startTime'),
    endTime: reader.moment('endTime'),
  }
  const limit = limitOf(reader, 500, 1_000)
  const refusal = reader.refusal ?? checkFilter(filter)
  if (refusal !== null) return refusal
  const found = candidates(market, filter).filter((trade) => isWanted(trade, filter))
  const isForward = filter.fromId !== null || filter.startTime !== null
  return reply((isForward ? found.slice(0, limit) : found.slice(-limit)).map(tradeReport))
}

function checkFilter({ orderId, fromId, startTime, endTime }: TradeFilter): Refusal | null {
  if (startTime === null && endTime === null) return null
  if (orderId !== null || fromId !== null) return refusals.invalidCombination()
  const isTooLong = (endTime ?? 0) - (startTime ?? Infinity) > DAY_MS
  return isTooLong ? refusals.windowTooLong() : null
}

/** Trades are in the order of their ids, so the old ones need not be looked at one by one. */
function candidates(market: Market, filter: TradeFilter): readonly Trade[] {
  if (filter.orderId !== null) return market.orders.get(filter.orderId)?.trades ?? []
  const { fromId, startTime } = filter
  return market.trades.after((trade) => trade.id < (fromId ?? 0) || trade.time < (startTime ?? 0))
}

function isWanted(trade: Trade, filter: TradeFilter): boolean {
  return (
    trade.id >= (filter.fromId ?? 0) &&
    trade.time >= (filter.startTime ?? 0) &&
    trade.time <= (filter.endTime ?? Infinity)
  )
}

/** By the match's id, or by the taking order from a match on. */
function preventedMatches(market: Market, reader: ParameterReader): Reply | Refusal {
  const id = reader.integer('preventedMatchId')
  const orderId = reader.integer('orderId')
  const fromId = reader.integer('fromPreventedMatchId')
  const limit = limitOf(reader, 500, 1_000)
  if (reader.refusal !== null) return reader.refusal
  if ((id === null) === (orderId === null)) return refusals.invalidCombination()
  if (id !== null && fromId !== null) return refusals.invalidCombination()
  const found = market.prevented.filter((match) =>
    id === null ? match.takerOrderId === orderId && match.id >= (fromId ?? 0) : match.id === id,
  )
  return reply(found.slice(0, limit).map(preventedReport))
}
