import {
  ORDER_TYPES,
  SELF_TRADE_MODES,
  TIMES_IN_FORCE,
  type ListKind,
  type NewOco,
  type NewPendingList,
  type Side,
} from '../core/index.ts'
import { newOrder, type OrderShape } from './builders.ts'

/** Requests by chance: all kinds, around a price of 100, often refused and often accepted. */
export type Draw = (count: number) => number

export function drawOrder(draw: Draw, side?: Side): OrderShape {
  const type = ORDER_TYPES[draw(7)]!
  const byQuote = type === 'MARKET' && draw(3) === 0
  const isLimit = type.includes('LIMIT')
  const isStop = type.startsWith('STOP') || type.startsWith('TAKE')
  const timeInForce =
    type === 'LIMIT' || (isLimit && isStop) ? (TIMES_IN_FORCE[draw(6)] ?? 'GTC') : 'GTC'
  return {
    side: side ?? (draw(2) === 0 ? 'BUY' : 'SELL'),
    type,
    timeInForce,
    price: isLimit ? 95 + draw(11) : 0,
    ...(isStop ? drawStop(draw, 93 + draw(15)) : {}),
    quantity: byQuote ? 0 : 1 + draw(24),
    quoteQuantity: byQuote ? 50 + draw(40) * 37 : 0,
    icebergQuantity: isLimit && timeInForce === 'GTC' && draw(3) === 0 ? 1 + draw(6) : 0,
    clientOrderId: 'abcdef'[draw(6)]!,
    selfTradeMode: SELF_TRADE_MODES[draw(6)]!,
  }
}

/** A fixed stop, or one that follows the price, from somewhere on or at once. */
function drawStop(draw: Draw, at: number): OrderShape {
  const trailingDelta = draw(3) === 0 ? [100, 250, 400, 5][draw(4)]! : 0
  const isFree = trailingDelta > 0 && draw(2) === 0
  return { trailingDelta, stopPrice: isFree ? 0 : at }
}

type Pair = { readonly above: OrderShape; readonly below: OrderShape }

function drawPair(draw: Draw, common: OrderShape, names: readonly [string, string]): Pair {
  const isSell = common.side === 'SELL'
  const stopType = draw(2) === 0 ? 'STOP_LOSS' : 'STOP_LOSS_LIMIT'
  const stopAt = isSell ? 94 + draw(6) : 101 + draw(6)
  const stop = {
    ...common,
    type: stopType,
    ...drawStop(draw, stopAt),
    price: stopType === 'STOP_LOSS' ? 0 : stopAt - 1 + draw(3),
    clientOrderId: names[0],
  } as const
  const profitAt = isSell ? 101 + draw(6) : 94 + draw(6)
  const isPassive = draw(4) > 0
  const profit = {
    ...common,
    type: isPassive ? 'LIMIT_MAKER' : 'TAKE_PROFIT',
    ...(isPassive ? { price: profitAt } : drawStop(draw, profitAt)),
    clientOrderId: names[1],
  } as const
  return isSell ? { above: profit, below: stop } : { above: stop, below: profit }
}

export function drawOco(draw: Draw, listClientOrderId: string): NewOco {
  const side = draw(2) === 0 ? 'BUY' : 'SELL'
  const common = {
    side,
    timeInForce: 'GTC',
    quantity: 1 + draw(20),
    selfTradeMode: SELF_TRADE_MODES[draw(6)]!,
  } as const
  const pair = drawPair(draw, common, ['gh'[draw(2)]!, 'ij'[draw(2)]!])
  return { listClientOrderId, above: newOrder(pair.above), below: newOrder(pair.below) }
}

const KINDS: readonly Exclude<ListKind, 'OCO'>[] = ['OTO', 'OTOCO', 'OPO', 'OPOCO']

export function drawPendingList(draw: Draw, listClientOrderId: string): NewPendingList {
  const kind = KINDS[draw(4)]!
  const isSized = kind === 'OTO' || kind === 'OTOCO'
  const side = !isSized || draw(2) === 0 ? 'BUY' : 'SELL'
  const isMaker = draw(4) === 0
  const isBuy = side === 'BUY'
  const working = newOrder({
    side,
    type: isMaker ? 'LIMIT_MAKER' : 'LIMIT',
    timeInForce: isMaker ? 'GTC' : (TIMES_IN_FORCE[draw(6)] ?? 'GTC'),
    price: isBuy ? 96 + draw(8) : 97 + draw(8),
    quantity: 1 + draw(14),
    clientOrderId: 'kl'[draw(2)]!,
    selfTradeMode: SELF_TRADE_MODES[draw(6)]!,
  })
  const other: Side = isSized && draw(3) === 0 ? side : isBuy ? 'SELL' : 'BUY'
  const quantity = isSized ? 1 + draw(14) : 0
  if (kind === 'OTO' || kind === 'OPO') {
    const pending = { ...drawOrder(draw, other), quantity, quoteQuantity: 0, clientOrderId: 'm' }
    return { kind, listClientOrderId, working, pendings: [newOrder(pending)] }
  }
  const pair = drawPair(draw, { side: other, timeInForce: 'GTC', quantity }, ['m', 'n'])
  return { kind, listClientOrderId, working, pendings: [pair.above, pair.below].map(newOrder) }
}
