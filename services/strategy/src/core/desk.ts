/**
 * A desk is one strategy at one symbol: what the strategy remembers, the one intent that may be open,
 * and whether the position is its own. A strategy wishes; the desk lets a wish out only when nothing
 * stands in its way and every filter lets it pass. Whether the intent is allowed is not decided here
 * but by the risk manager.
 */
import { createMessage, deriveId, epochMs, instant, IntentProposed } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType, TradingState } from '@flotilla/contracts'
import type {
  ConfiguredStrategy,
  HeldPosition,
  PricedWish,
  StrategyState,
} from '@flotilla/strategy-kit'
import { withheldBy } from './filters.ts'
import type { Filters, Quote, WishInput, Withheld } from './filters.ts'
import type { SymbolRecord } from './symbol-record.ts'

export type OpenIntent = {
  readonly intentId: string
  readonly purpose: 'entry' | 'exit'
  readonly expiresAt: number
}

/** What survives a restart. */
export type DeskMemory = {
  readonly state: StrategyState
  readonly openIntent: OpenIntent | null
  /** An entry of ours was filled and the position has not been flat since. */
  readonly entered: boolean
  /** No entry before this, no exit before the second one. */
  readonly entryCooldownUntil: number
  readonly exitCooldownUntil: number
  /** Opening time of the newest candle that was looked at when this was stored. */
  readonly lastCandle: number | null
}

export type Desk = {
  /** The name under which the strategy is configured; the same strategy may be there twice. */
  readonly id: string
  readonly account: string
  readonly venue: string
  readonly symbol: string
  readonly timeframe: string
  readonly strategy: ConfiguredStrategy
}

export type DeskLimits = {
  /** A signal of a candle that closed longer ago is not traded on. */
  readonly signalAgeMaxMs: number
  readonly entryLifetimeMs: number
  /** Longer: a late exit is better than none, a late entry is not. */
  readonly exitLifetimeMs: number
  readonly entryCooldownMs: number
  readonly exitCooldownMs: number
  /** An intent without an end is given up this long after it expired. */
  readonly openIntentGraceMs: number
}

export type Surroundings = {
  readonly now: number
  /** Of the account at the symbol; null when flat, dust included. */
  readonly position: HeldPosition | null
  readonly tradingState: TradingState
  readonly quote: Quote | null
  readonly record: SymbolRecord
  readonly limits: DeskLimits
  readonly filters: Filters
}

export type AnalysisDecision =
  /** A candle that was looked at before. */
  | { readonly kind: 'known' }
  | { readonly kind: 'not-warm'; readonly missing: readonly string[] }
  | {
      readonly kind: 'decided'
      readonly memory: DeskMemory
      /** Worth a commit: something besides the candle's time is new. */
      readonly changed: boolean
      readonly intent: MessageOfType<'strategy.intent.proposed.v1'> | null
      /** Why a wish did not become an intent; empty when it did, or when there was none. */
      readonly withheld: readonly Withheld[]
      /** An intent without an end was given up. */
      readonly abandoned: OpenIntent | null
    }

type Signals = MessageOfType<'analysis.signals.computed.v1'>

export function freshMemory(strategy: ConfiguredStrategy): DeskMemory {
  return {
    state: strategy.initialState,
    openIntent: null,
    entered: false,
    entryCooldownUntil: 0,
    exitCooldownUntil: 0,
    lastCandle: null,
  }
}

/** @throws StrategyFaultError when the strategy's answer makes no sense. */
export function onAnalysis(
  desk: Desk,
  before: DeskMemory,
  input: { readonly message: Signals; readonly surroundings: Surroundings },
): AnalysisDecision {
  const { message, surroundings } = input
  const openTime = epochMs(message.payload.candleOpenTime)
  if (before.lastCandle !== null && openTime <= before.lastCandle) return { kind: 'known' }
  const { memory, abandoned } = withoutLostIntent(before, surroundings)
  const evaluation = desk.strategy.evaluate({
    analysis: message.payload,
    position: memory.entered ? surroundings.position : null,
    state: memory.state,
  })
  if (evaluation.kind === 'not-warm') return evaluation
  const { state, wish } = evaluation
  const { intent, withheld } = answer(desk, wish, { ...input, memory })
  const openIntent = intent === null ? memory.openIntent : openIntentOf(intent)
  return {
    kind: 'decided',
    memory: { ...memory, state, lastCandle: openTime, openIntent },
    changed: intent !== null || abandoned !== null || !sameState(before.state, state),
    intent,
    withheld,
    abandoned,
  }
}

/** The risk manager said no: the intent is over, and the next one has to wait. */
export function onDenied(
  memory: DeskMemory,
  intentId: string,
  options: { readonly now: number; readonly limits: DeskLimits },
): DeskMemory | null {
  if (memory.openIntent?.intentId !== intentId) return null
  return cooledDown(memory, options)
}

type OrderEnd =
  | MessageOfType<'execution.order.filled.v1'>
  | MessageOfType<'execution.order.rejected.v1'>
  | MessageOfType<'execution.order.canceled.v1'>
  | MessageOfType<'execution.order.expired.v1'>

/** The intent is over when its reservation is; what was filled of an entry is ours to exit. */
export function onOrderEnded(
  memory: DeskMemory,
  message: OrderEnd,
  options: { readonly now: number; readonly limits: DeskLimits },
): DeskMemory | null {
  const { intentId, leg, filledQuantity, endsReservation } = message.payload
  const { openIntent } = memory
  if (openIntent?.intentId !== intentId || (leg !== 'entry' && leg !== 'exit')) return null
  const entered = memory.entered || (leg === 'entry' && filledQuantity !== '0')
  const noted = { ...memory, entered }
  if (!endsReservation) return entered === memory.entered ? null : noted
  if (message.type === 'execution.order.rejected.v1') return cooledDown(noted, options)
  return { ...noted, openIntent: null }
}

/** Nothing is held any more, so nothing of it is ours. */
export function onFlat(memory: DeskMemory): DeskMemory {
  return memory.entered ? { ...memory, entered: false } : memory
}

function cooledDown(
  memory: DeskMemory,
  { now, limits }: { readonly now: number; readonly limits: DeskLimits },
): DeskMemory {
  const exit = memory.openIntent?.purpose === 'exit'
  return {
    ...memory,
    openIntent: null,
    entryCooldownUntil: exit ? memory.entryCooldownUntil : now + limits.entryCooldownMs,
    exitCooldownUntil: exit ? now + limits.exitCooldownMs : memory.exitCooldownUntil,
  }
}

/**
 * Every intent has an end, so this is for the case that a message about it never comes. It must not
 * stop the strategy for ever; the risk manager would refuse a second entry anyway.
 */
function withoutLostIntent(
  memory: DeskMemory,
  { now, limits }: Surroundings,
): { readonly memory: DeskMemory; readonly abandoned: OpenIntent | null } {
  const { openIntent } = memory
  if (openIntent === null || now <= openIntent.expiresAt + limits.openIntentGraceMs) {
    return { memory, abandoned: null }
  }
  return { memory: { ...memory, openIntent: null }, abandoned: openIntent }
}

function answer(
  desk: Desk,
  wish: PricedWish | null,
  input: WishInput,
): Pick<Extract<AnalysisDecision, { kind: 'decided' }>, 'intent' | 'withheld'> {
  if (wish === null) return { intent: null, withheld: [] }
  const withheld = withheldBy(wish, input)
  return { intent: withheld.length > 0 ? null : propose(desk, wish, input), withheld }
}

function propose(
  desk: Desk,
  wish: PricedWish,
  input: WishInput,
): MessageOfType<'strategy.intent.proposed.v1'> {
  const { message } = input
  const { now, limits } = input.surroundings
  const { candleOpenTime, candleCloseTime } = message.payload
  const { id, account, venue, symbol, timeframe } = desk
  const entry = wish.action === 'enter'
  return createMessage(IntentProposed, {
    source: 'strategy',
    occurredAt: now,
    cause: message,
    discriminator: `${id} ${candleOpenTime}`,
    account,
    payload: {
      intentId: deriveId('intent', account, id, venue, symbol, timeframe, candleOpenTime),
      strategy: id,
      venue,
      symbol,
      side: entry ? 'buy' : 'sell',
      purpose: entry ? 'entry' : 'exit',
      confidence: wish.confidence,
      expectedPrice: wish.expectedPrice.toString(),
      expectedPriceAt: candleCloseTime,
      reason: wish.reason,
      stopLossPrice: wish.action === 'enter' ? wish.stopLossPrice.toString() : null,
      takeProfitPrice: wish.action === 'enter' ? wish.takeProfitPrice.toString() : null,
      expiresAt: instant(now + (entry ? limits.entryLifetimeMs : limits.exitLifetimeMs)),
      chain: [message.causationId, message.messageId].filter((each) => each !== null),
    },
  })
}

function openIntentOf({ payload }: MessageOfType<'strategy.intent.proposed.v1'>): OpenIntent {
  const { intentId, purpose, expiresAt } = payload
  return { intentId, purpose, expiresAt: epochMs(expiresAt) }
}

/** States are small and survive JSON, so their JSON tells them apart. */
function sameState(left: StrategyState, right: StrategyState): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right)
}

const orderEnds: ReadonlySet<string> = new Set<OrderEnd['type']>([
  'execution.order.filled.v1',
  'execution.order.rejected.v1',
  'execution.order.canceled.v1',
  'execution.order.expired.v1',
])

export function isOrderEnd(message: AnyMessage): message is OrderEnd {
  return orderEnds.has(message.type)
}
